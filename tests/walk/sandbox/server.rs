//! The sandbox on loopback: real sockets, real clients, bad input.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::client::{Client, PLAIN, sandbox};
use linkwalk::sandbox::{Effect, FaultRule, Sandbox, serve};

struct Server {
    sandbox: Sandbox,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn start() -> Server {
    let sandbox = sandbox(PLAIN);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(sandbox.clone(), listener, async {
        drop(stopped.await);
    }));
    Server { sandbox, address, stop, task }
}

impl Server {
    /// Sends bytes and reads until the connection is closed.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is cut ends with an error; what came before it counts.
        drop(
            tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
                .await
                .unwrap(),
        );
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn describe(&self) -> Vec<u8> {
        let body = b"Action=DescribeVpcs&Version=2016-11-15".to_vec();
        let request = Client::alpha(&self.sandbox).request("ec2", body);
        let mut text = format!(
            "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
            request.body.len()
        );
        for (name, value) in &request.headers {
            text = format!("{text}{name}: {value}\r\n");
        }
        [text.as_bytes(), b"\r\n", &request.body].concat()
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_gets_its_answer_and_the_server_stops_when_told() {
    let server = start().await;
    let answer = server.exchange(&server.describe()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("<vpcId>vpc-"), "{answer}");
    assert!(answer.contains("server: SANDBOX"));
    server.end().await;
}

#[tokio::test]
async fn a_body_of_fifty_megabytes_is_refused() {
    let server = start().await;
    let head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 52428800\r\n\r\n";
    let answer = server.exchange(&[head.as_slice(), &vec![b'a'; 52_428_800]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("<Code>RequestEntityTooLarge</Code>"));
    server.end().await;
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b'a'; 0x10_0000], b"\r\n"].concat();
    let mut sent = 0;
    while stream.write_all(&chunk).await.is_ok() {
        sent += 1;
        assert!(sent < 200, "the server reads on and on");
    }
    // And it still serves.
    assert!(server.exchange(&server.describe()).await.starts_with("HTTP/1.1 200"));
    server.end().await;
}

#[tokio::test]
async fn nonsense_is_answered_or_closed_and_the_server_lives() {
    let server = start().await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    for bytes in [
        b"\x00\x01\x02\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        long.as_bytes(),
    ] {
        let answer = server.exchange(bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let bare = server.exchange(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(bare.starts_with("HTTP/1.1 400"), "{bare}");
    assert!(server.exchange(&server.describe()).await.starts_with("HTTP/1.1 200"));
    server.end().await;
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_stop_it() {
    let server = start().await;
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert!(server.exchange(&server.describe()).await.starts_with("HTTP/1.1 200"));
    drop(idle);
    server.end().await;
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection() {
    let server = start().await;
    server.sandbox.add_fault(FaultRule::nth("DescribeVpcs", 1, Effect::LoseAnswer));
    assert_eq!(server.exchange(&server.describe()).await, "");
    assert!(server.exchange(&server.describe()).await.starts_with("HTTP/1.1 200"));
    server.end().await;
}

#[tokio::test]
async fn it_only_serves_on_loopback() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = serve(sandbox(PLAIN), listener, std::future::pending()).await.unwrap_err();
    assert!(refused.to_string().contains("loopback"));
}
