//! The emulator's process and the door for those who started it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

struct Emulator {
    address: String,
    // It ends when its standard input does: with the process of the tests, however that ends.
    _process: Child,
}

static EMULATOR: LazyLock<Emulator> = LazyLock::new(start);

fn start() -> Emulator {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = std::process::id();
    let (ready, log) = (folder.join(format!("{name}.env")), folder.join(format!("{name}.log")));
    drop(fs::remove_file(&ready));
    let mut child = Command::new(root.join("scripts/organization"))
        .args(["--members", "0", "--regions", "eu-west-1,eu-central-1", "--until-eof"])
        .arg("--env-file")
        .arg(&ready)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    // Its standard output says one line, once it answers.
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(
        line,
        "ready\n",
        "the emulator did not start: {}",
        fs::read_to_string(&log).unwrap()
    );
    let env = fs::read_to_string(&ready).unwrap();
    let address = env.lines().find_map(|l| l.strip_prefix("export AWS_ENDPOINT_URL=")).unwrap();
    fs::remove_file(&ready).unwrap();
    Emulator { address: address.to_owned(), _process: child }
}

/// Where it listens: `http://127.0.0.1:PORT`.
pub(super) fn address() -> &'static str {
    &EMULATOR.address
}

pub(super) fn get(path: &str) -> Value {
    ask("GET", path, &Value::Null)
}

pub(super) fn post(path: &str, body: &Value) -> Value {
    ask("POST", path, body)
}

pub(super) fn delete(path: &str, body: &Value) -> Value {
    ask("DELETE", path, body)
}

fn ask(method: &str, path: &str, body: &Value) -> Value {
    let host = address().strip_prefix("http://").unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} /emulator/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{method} {path}: {body}");
    serde_json::from_str(body).unwrap()
}
