// SPDX-License-Identifier: Apache-2.0
//! A client on rustls and blocking sockets: one chat call for each MODEL on each connection, and
//! a JSON line with the answer for each.
//!
//!     rustls-chat [--tls12] [--suite WORD] [--size N] [--pause MS] [--lanes N | --threads N]
//!         PORT CA MODEL...
//!
//! --lanes: N connections on one thread, all of them open before the first call, then used last
//! one first. --threads: N connections, each on a thread of its own.
use rustls::pki_types::{pem::PemObject, CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring as provider;

type Stream = StreamOwned<ClientConnection, TcpStream>;

#[derive(Clone, Default)]
struct Plan {
    tls12: bool,
    suite: String,
    size: usize,
    pause: u64,
    lanes: usize,
    threads: usize,
    port: u16,
    ca: String,
    models: Vec<String>,
}

fn plan() -> Plan {
    let mut p = Plan { lanes: 1, ..Plan::default() };
    let mut args = std::env::args().skip(1).peekable();
    while args.peek().is_some_and(|a| a.starts_with("--")) {
        let name = args.next().unwrap();
        let mut value = || args.next().expect("a value");
        match name.as_str() {
            "--tls12" => p.tls12 = true,
            "--suite" => p.suite = value(),
            "--size" => p.size = value().parse().expect("bytes"),
            "--pause" => p.pause = value().parse().expect("milliseconds"),
            "--lanes" => p.lanes = value().parse().expect("a number"),
            "--threads" => p.threads = value().parse().expect("a number"),
            other => panic!("unknown option {other}"),
        }
    }
    p.port = args.next().expect("PORT").parse().expect("a port");
    p.ca = args.next().expect("CA");
    p.models = args.collect();
    p
}

fn config(p: &Plan) -> Arc<ClientConfig> {
    let mut crypto = provider::default_provider();
    let mut roots = RootCertStore::empty();
    let versions: &[&rustls::SupportedProtocolVersion] =
        if p.tls12 { &[&rustls::version::TLS12] } else { &[&rustls::version::TLS13] };

    crypto.cipher_suites.retain(|s| format!("{:?}", s.suite()).contains(&p.suite));
    for cert in CertificateDer::pem_file_iter(&p.ca).expect("CA") {
        roots.add(cert.expect("a certificate")).expect("a root");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn dial(p: &Plan, config: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(config.clone(), name).expect("client");
    let tcp = TcpStream::connect(("127.0.0.1", p.port)).expect("connect");
    let mut s = StreamOwned::new(tls, tcp);

    while s.conn.is_handshaking() {
        s.conn.complete_io(&mut s.sock).expect("handshake");
    }
    s
}

/// Head and body of an answer that has a content-length.
fn answer(s: &mut Stream) -> (String, Vec<u8>) {
    let mut have = Vec::new();
    let mut piece = [0u8; 8192];
    loop {
        if let Some(end) = have.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&have[..end]).to_lowercase();
            let len = head.split("content-length: ").nth(1).expect("a length");
            let len: usize = len.split("\r\n").next().unwrap().parse().expect("a number");
            if have.len() >= end + 4 + len {
                return (head, have[end + 4..end + 4 + len].to_vec());
            }
        }
        let n = s.read(&mut piece).expect("read");
        assert!(n > 0, "the answer ends early");
        have.extend_from_slice(&piece[..n]);
    }
}

fn call(p: &Plan, s: &mut Stream, model: &str) {
    let say = "x".repeat(p.size.max(2));
    let body = format!(
        "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{say}\"}}]}}"
    );
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: chat-rust/1.0\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nx-mock: tools=1\r\n\r\n",
        p.port,
        body.len()
    );
    s.write_all(head.as_bytes()).expect("write");
    s.write_all(body.as_bytes()).expect("write");
    s.flush().expect("flush");
    let (head, body) = answer(s);
    let hex: String = body.iter().map(|b| format!("{b:02x}")).collect();
    println!("{{\"case\":\"{model}\",\"status\":{},\"body_hex\":\"{hex}\"}}", &head[9..12]);
    std::thread::sleep(Duration::from_millis(p.pause));
}

fn run(p: &Plan) {
    let config = config(p);
    let mut lanes: Vec<Stream> = (0..p.lanes).map(|_| dial(p, &config)).collect();

    for model in &p.models {
        for s in lanes.iter_mut().rev() {
            call(p, s, model);
        }
    }
    for s in lanes.iter_mut() {
        s.conn.send_close_notify();
        let _ = s.conn.complete_io(&mut s.sock);
    }
}

fn main() {
    let p = plan();
    if p.threads == 0 {
        return run(&p);
    }
    let all: Vec<_> = (0..p.threads)
        .map(|_| {
            let p = p.clone();
            std::thread::spawn(move || run(&p))
        })
        .collect();
    for t in all {
        t.join().expect("thread");
    }
}
