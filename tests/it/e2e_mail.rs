//! Mail over TLS: a real server with a certificate of a private authority, in each way to begin TLS. No
//! message and no password leaves without it.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::rig::{Rig, club};

const PASSWORD: &str = "mail-password-canary";

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    /// It begins plain, and offers TLS.
    Starttls,
    /// It begins plain, and offers no TLS.
    Plain,
    /// It is TLS from the start.
    Tls,
    /// The same, and it takes no password.
    RefusesLogin,
}

/// A certificate authority, and the certificate that it gave `localhost`.
struct Authority {
    root: String,
    config: Arc<ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate().unwrap();
        let root_certificate = root.self_signed(&root_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = server.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self { root: root_certificate.pem(), config: Arc::new(config) }
    }
}

/// What a server heard: each line, and whether TLS protected it.
type Heard = Arc<Mutex<Vec<(bool, String)>>>;

struct Mail {
    at: SocketAddr,
    heard: Heard,
}

impl Mail {
    fn new(server: Server, config: &Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let heard = Heard::default();
        let (hears, config) = (Arc::clone(&heard), Arc::clone(config));
        // Ends with the process: it waits for the next connection.
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A connection may end as it likes.
                converse(stream.unwrap(), server, &config, &hears).ok();
            }
        });
        Self { at, heard }
    }

    fn lines(&self) -> Vec<(bool, String)> {
        self.heard.lock().unwrap().clone()
    }
}

fn converse(
    mut stream: TcpStream,
    server: Server,
    config: &Arc<ServerConfig>,
    heard: &Heard,
) -> io::Result<()> {
    if matches!(server, Server::Starttls | Server::Plain) {
        stream.write_all(b"220 test\r\n")?;
        if !answer(&mut stream, (server, false), heard)? {
            return Ok(());
        }
    }
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    if !matches!(server, Server::Starttls) {
        stream.write_all(b"220 test\r\n")?;
    }
    answer(&mut stream, (server, true), heard).map(drop)
}

/// Answers until the client begins TLS or ends; returns whether it began TLS.
fn answer(
    stream: &mut (impl Read + Write),
    (server, is_tls): (Server, bool),
    heard: &Heard,
) -> io::Result<bool> {
    let mut is_data = false;
    while let Some(line) = read_line(stream)? {
        heard.lock().unwrap().push((is_tls, line.clone()));
        if is_data {
            is_data = line != ".";
            if !is_data {
                stream.write_all(b"250 taken\r\n")?;
            }
            continue;
        }
        let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let offer = match (server, is_tls) {
            (Server::Starttls, false) => "STARTTLS",
            _ => "AUTH PLAIN",
        };
        let said = match word.as_str() {
            "EHLO" => format!("250-test\r\n250 {offer}\r\n"),
            "STARTTLS" => "220 go on\r\n".to_owned(),
            "AUTH" if server == Server::RefusesLogin => "535 wrong password\r\n".to_owned(),
            "AUTH" => "235 known\r\n".to_owned(),
            "DATA" => "354 go on\r\n".to_owned(),
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "250 fine\r\n".to_owned(),
        };
        is_data = word == "DATA";
        stream.write_all(said.as_bytes())?;
        stream.flush()?;
        if word == "STARTTLS" {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads a line byte by byte: what follows STARTTLS belongs to TLS.
fn read_line(stream: &mut impl Read) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Lets a daemon send a test message; returns how its delivery ended, and what the server heard.
fn test_message(server: Server, security: &str, trusts: bool) -> (Value, Vec<(bool, String)>) {
    let (authority, other) = (Authority::new(), Authority::new());
    let mail = Mail::new(server, &authority.config);
    let mut rig = Rig::new(&[club()]);
    let roots = if trusts { &authority.root } else { &other.root };
    fs::write(rig.path("roots.pem"), roots).unwrap();
    fs::write(rig.path("mail-password"), PASSWORD).unwrap();
    let roots = rig.path("roots.pem");
    rig.set_environment("SSL_CERT_FILE", roots.to_str().unwrap());
    let mut config = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let port = mail.at.port();
    write!(
        config,
        "alerts:\n  receivers:\n    mail: {{ email: {{ server: localhost, port: {port}, security: {security}, \
         user: qunfa, password_file: mail-password, from: qunfa@example.com, to: [ops@example.com] }} }}\n"
    )
    .unwrap();
    fs::write(rig.path("config.yaml"), config).unwrap();
    rig.start();
    rig.until_listening();
    let said = rig.say(&["alert", "test", "mail", "--json"]);
    rig.stop();
    assert!(!rig.log().contains(PASSWORD), "{}", rig.log());
    let tested: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    (tested[0].clone(), mail.lines())
}

#[test]
fn mail_goes_over_tls_from_the_start_or_after_starttls_and_the_password_only_inside() {
    for (server, security) in [(Server::Starttls, "starttls"), (Server::Tls, "tls")] {
        let (tested, heard) = test_message(server, security, true);

        assert_eq!(tested["state"], "delivered", "{server:?}: {tested} {heard:?}");
        let login = STANDARD.encode(format!("\0qunfa\0{PASSWORD}"));
        let login = heard.iter().find(|(_, line)| line.contains(&login));
        assert!(login.is_some_and(|(is_tls, _)| *is_tls), "{server:?}: {heard:?}");
        let plain: Vec<_> = heard.iter().filter(|(is_tls, _)| !is_tls).collect();
        let greeting = |line: &str| line.starts_with("EHLO ") || line == "STARTTLS";
        assert!(plain.iter().all(|(_, line)| greeting(line)), "{server:?}: {plain:?}");
        let subject = heard.iter().find(|(_, line)| line.starts_with("Subject: "));
        assert_eq!(subject.map(|(is_tls, _)| *is_tls), Some(true), "{heard:?}");
    }
}

#[test]
fn nothing_is_sent_to_a_server_without_tls_or_with_the_certificate_of_another() {
    for (server, security, trusts, error) in [
        (Server::Plain, "starttls", true, "the request failed: "),
        (Server::Starttls, "starttls", false, "TLS failed: "),
        (Server::Tls, "tls", false, "TLS failed: "),
        (Server::Plain, "tls", true, ""),
    ] {
        let case = format!("{server:?}, {security}, trusts: {trusts}");
        let (tested, heard) = test_message(server, security, trusts);

        assert_eq!(tested["state"], "given_up", "{case}: {tested}");
        let said = tested["error"].as_str().unwrap();
        assert!(said.starts_with(error), "{case}: {said}");
        let told =
            |line: &str| ["AUTH", "MAIL", "RCPT", "DATA"].iter().any(|word| line.starts_with(word));
        assert!(!heard.iter().any(|(_, line)| told(line)), "{case}: {heard:?}");
    }
}

#[test]
fn a_refused_password_is_told_and_not_shown() {
    let (tested, _) = test_message(Server::RefusesLogin, "tls", true);

    assert_eq!(tested["state"], "given_up");
    let said = tested["error"].as_str().unwrap();
    assert!(
        said.starts_with("the mail server refused: ") && said.contains("wrong password"),
        "{said}"
    );
    assert!(!said.contains(PASSWORD), "{said}");
}
