// SPDX-License-Identifier: Apache-2.0
//! What reading costs: a rustls client and a rustls server in one thread, joined by memory. A
//! round is one record sent by the client and opened by the server.
//!
//!     rustls-mem BYTES ROUNDS CERT KEY [CA]
//!
//! CERT: the server's certificate, for "localhost". Without a CA it is trusted as it is.
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring as provider;

fn ends(cert: &str, key: &str, ca: Option<&String>) -> (ClientConnection, ServerConnection) {
    let crypto = Arc::new(provider::default_provider());
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .expect("CERT")
        .map(|c| c.expect("a certificate"))
        .collect();
    let mut roots = RootCertStore::empty();
    match ca {
        Some(ca) => roots.add(CertificateDer::from_pem_file(ca).expect("CA")),
        None => roots.add(chain[0].clone()),
    }
    .expect("a root");
    let client = ClientConfig::builder_with_provider(crypto.clone())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).expect("KEY"))
        .expect("a server");
    let name = ServerName::try_from("localhost").unwrap();
    (
        ClientConnection::new(Arc::new(client), name).expect("client"),
        ServerConnection::new(Arc::new(server)).expect("server"),
    )
}

/// CPU time of the process, in ns.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("schedstat");
    text.split(' ').next().unwrap().parse().expect("a number")
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let size: usize = args[1].parse().expect("BYTES");
    let rounds: u64 = args[2].parse().expect("ROUNDS");
    let (mut client, mut server) = ends(&args[3], &args[4], args.get(5));
    let mut wire = Vec::with_capacity(1 << 17);
    let mut plain = vec![0u8; size];
    let message = vec![b'x'; size];

    while client.is_handshaking() || server.is_handshaking() {
        wire.clear();
        while client.wants_write() {
            client.write_tls(&mut wire).expect("write");
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).expect("read");
            server.process_new_packets().expect("server");
        }
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).expect("write");
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).expect("read");
            client.process_new_packets().expect("client");
        }
    }
    let (start, before) = (Instant::now(), cpu());
    for _ in 0..rounds {
        client.writer().write_all(&message).expect("message");
        wire.clear();
        client.write_tls(&mut wire).expect("write");
        let mut rest = &wire[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).expect("read");
            server.process_new_packets().expect("packets");
        }
        server.reader().read_exact(&mut plain).expect("plain");
    }
    let used = cpu() - before;
    println!(
        "{{\"rounds\":{rounds},\"seconds\":{},\"cpu_ns_per_round\":{}}}",
        start.elapsed().as_secs_f64(),
        used as f64 / rounds as f64
    );
}
