#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl, one process and one connection for each case. What it received is left in files for
# the harness to read.
#
# usage: curl.sh DIR [--http2]
#
# DIR holds, for each case NAME, NAME.args (a curl config file); writes NAME.body, NAME.head and
# a line "NAME STATUS CURL-EXIT" on standard output.
dir=$1
version=${2:---http1.1}
for args in "$dir"/*.args; do
	name=$(basename "$args" .args)
	status=$(curl -sS "$version" --cacert "$E2E_CA" -K "$args" -D "$dir/$name.head" \
		-o "$dir/$name.body" -w '%{http_code}' 2>"$dir/$name.err")
	echo "$name $status $?"
done
