//! The sandbox as an HTTP server on loopback.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use crate::sandbox::server::{Sandbox, too_large};
use crate::sandbox::wire::message::{Cut, Request, Response};

/// The largest request body, in bytes; AWS's own limits are lower.
const BODY: usize = 4 << 20;
/// How much of a body that is too large is read before the connection is closed, in bytes.
const PATIENCE: usize = 64 << 20;
/// How long a client may take to send the headers of a request, the first or the next.
const HEADERS: Duration = Duration::from_secs(30);
/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(30);
/// The most connections at a time; for more, idle ones are closed.
const CONNECTIONS: usize = 512;

/// Serves the sandbox until `shutdown` is done. Refuses to serve on anything but loopback.
pub async fn serve(
    sandbox: Sandbox,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::other("the sandbox only serves on loopback"));
    }
    let mut open = Open::default();
    let mut shutdown = pin!(shutdown);
    loop {
        let full = open.tasks.len() >= CONNECTIONS;
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = open.tasks.join_next_with_id() => open.forget(ended),
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, _)) => open.add(sandbox.clone(), stream),
                // Out of file descriptors, most likely: some are given back soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
        if open.tasks.len() >= CONNECTIONS {
            open.close_idlest();
        }
    }
    open.tasks.shutdown().await;
    Ok(())
}

/// The open connections.
#[derive(Default)]
struct Open {
    tasks: JoinSet<()>,
    handles: HashMap<Id, (AbortHandle, Arc<Activity>)>,
    /// Counts exchanges, so that the connection used longest ago is known.
    count: Arc<AtomicU64>,
}

/// What a connection is doing.
#[derive(Default)]
struct Activity {
    busy: AtomicBool,
    last: AtomicU64,
}

impl Open {
    fn add(&mut self, sandbox: Sandbox, stream: TcpStream) {
        let activity = Arc::new(Activity::default());
        activity.last.store(self.count.fetch_add(1, Relaxed), Relaxed);
        let task = connection(sandbox, stream, Arc::clone(&activity), Arc::clone(&self.count));
        let handle = self.tasks.spawn(task);
        self.handles.insert(handle.id(), (handle, activity));
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.handles.remove(&id);
    }

    /// Makes room: of the connections without a request the one used longest ago is closed.
    fn close_idlest(&self) {
        let idle = self.handles.values().filter(|(_, activity)| !activity.busy.load(Relaxed));
        if let Some((handle, _)) = idle.min_by_key(|(_, activity)| activity.last.load(Relaxed)) {
            handle.abort();
        }
    }
}

async fn connection(
    sandbox: Sandbox,
    stream: TcpStream,
    activity: Arc<Activity>,
    count: Arc<AtomicU64>,
) {
    let service = service_fn(move |request| {
        let (sandbox, activity) = (sandbox.clone(), Arc::clone(&activity));
        activity.busy.store(true, Relaxed);
        activity.last.store(count.fetch_add(1, Relaxed), Relaxed);
        async move {
            let answer = exchange(&sandbox, request).await;
            activity.busy.store(false, Relaxed);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(64 << 10);
    // A client that goes away or talks nonsense is its own trouble.
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}

/// One request and its response; an error closes the connection without an answer.
async fn exchange(
    sandbox: &Sandbox,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, read(body)).await {
        Ok(Ok(Some(body))) => body,
        Ok(Ok(None)) => return write(too_large(), true),
        Ok(Err(_)) | Err(_) => return Err(Cut),
    };
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let target = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: target.to_owned(),
        headers: headers.collect(),
        body,
    };
    write(sandbox.answer(&request).await?, false)
}

/// The whole body, or nothing if it is too large. What is too large is still read for a while, and thrown
/// away: a client that is busy sending does not see an answer that comes with a closed connection.
async fn read(mut body: Incoming) -> Result<Option<Vec<u8>>, hyper::Error> {
    let mut held = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len();
        if length > PATIENCE {
            return Ok(None);
        }
        if length > BODY {
            held = Vec::new();
        } else {
            held.extend_from_slice(&data);
        }
    }
    Ok((length <= BODY).then_some(held))
}

fn write(response: Response, close: bool) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        built = built.header(name, value);
    }
    if close {
        built = built.header(hyper::header::CONNECTION, "close");
    }
    built.body(Full::new(Bytes::from(response.body))).map_err(|_| Cut)
}
