module earshot/client

go 1.22
