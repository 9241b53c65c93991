//! The writing side of a journal: lines in the order in which they were given, many of them made durable by
//! one call to the disk.

use std::io;
use std::mem;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::locked::Locked;

/// Lines written at once, at most; more wait for the next turn.
const BATCH: usize = 4096;

/// Where a journal is written: a file in the program, and in tests what can fail or forget.
pub trait Paper: io::Write + Send {
    /// Returns once everything written so far would survive the end of the machine.
    fn sync(&mut self) -> io::Result<()>;
}

impl Paper for Locked {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Called once, when something could not be written, with the reason.
pub(super) type OnFailure = Box<dyn FnOnce(&str) + Send>;

/// Writes, until something could not be written: what comes after a gap is worth nothing.
pub(super) struct Scribe {
    paper: Box<dyn Paper>,
    failed: Option<String>,
    on_failure: Option<OnFailure>,
}

impl Scribe {
    fn write(&mut self, lines: &str, durable: bool) -> Result<(), String> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let written = self.paper.write_all(lines.as_bytes()).and_then(|()| {
            self.paper.flush()?;
            if durable { self.paper.sync() } else { Ok(()) }
        });
        written.map_err(|error| {
            let why = error.to_string();
            self.failed = Some(why.clone());
            if let Some(tell) = self.on_failure.take() {
                tell(&why);
            }
            why
        })
    }
}

/// One line to write.
pub(super) struct Order {
    line: String,
    /// Whoever waits until the line is durable.
    done: Option<oneshot::Sender<Result<(), String>>>,
}

/// What writes.
pub(super) enum Pen {
    /// A thread of its own: a slow disk keeps nobody waiting but those who asked to.
    Thread(Sender<Order>),
    /// At once, in the thread of whoever writes: where time is simulated, no thread may run beside it.
    Here(Mutex<Scribe>),
}

impl Pen {
    /// A pen with a thread of its own, which ends with the pen.
    pub(super) fn in_thread(paper: Box<dyn Paper>, on_failure: OnFailure) -> io::Result<Self> {
        let scribe = Scribe { paper, failed: None, on_failure: Some(on_failure) };
        let (orders, received) = mpsc::channel();
        thread::Builder::new().name("journal".to_owned()).spawn(move || work(scribe, &received))?;
        Ok(Self::Thread(orders))
    }

    /// A pen that writes where it is called.
    pub(super) fn here(paper: Box<dyn Paper>, on_failure: OnFailure) -> Self {
        Self::Here(Mutex::new(Scribe { paper, failed: None, on_failure: Some(on_failure) }))
    }

    /// Writes a line some time soon, after those that were given before.
    pub(super) fn write(&self, line: String) {
        match self {
            // The thread ends only with the pen.
            Self::Thread(orders) => drop(orders.send(Order { line, done: None })),
            // A failure is told where it happens, and to whoever needs the line to be durable.
            Self::Here(scribe) => drop(locked(scribe).write(&line, false)),
        }
    }

    /// Returns once the line, and all before it, are durable.
    pub(super) async fn write_durably(&self, line: String) -> Result<(), String> {
        match self {
            Self::Thread(orders) => {
                let (done, durable) = oneshot::channel();
                drop(orders.send(Order { line, done: Some(done) }));
                durable.await.unwrap_or_else(|_| Err("the journal's thread has ended".to_owned()))
            }
            Self::Here(scribe) => locked(scribe).write(&line, true),
        }
    }
}

fn locked(scribe: &Mutex<Scribe>) -> std::sync::MutexGuard<'_, Scribe> {
    scribe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what has come in meanwhile with one call, and makes it durable with one more if anybody
/// waits for that.
fn work(mut scribe: Scribe, orders: &Receiver<Order>) {
    let mut lines = String::new();
    let mut waiting = Vec::new();
    while let Ok(first) = orders.recv() {
        for order in std::iter::once(first).chain(orders.try_iter().take(BATCH)) {
            lines.push_str(&order.line);
            waiting.extend(order.done);
        }
        let written = scribe.write(&lines, !waiting.is_empty());
        lines.clear();
        for done in mem::take(&mut waiting) {
            // Whoever waited may have gone since.
            done.send(written.clone()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    /// Counts, and is slow enough that others come meanwhile.
    #[derive(Clone, Default)]
    struct Slow {
        text: Arc<Mutex<String>>,
        syncs: Arc<AtomicUsize>,
        gate: Arc<Mutex<()>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.text.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper for Slow {
        fn sync(&mut self) -> io::Result<()> {
            drop(self.gate.lock());
            self.syncs.fetch_add(1, Relaxed);
            Ok(())
        }
    }

    #[tokio::test]
    async fn many_who_wait_share_one_call_to_the_disk() {
        let paper = Slow::default();
        let pen = Arc::new(Pen::in_thread(Box::new(paper.clone()), Box::new(|_| ())).unwrap());
        // Held until all have asked, in a thread of its own.
        let (gate, (opened, open)) = (Arc::clone(&paper.gate), mpsc::channel());
        let (shut, is_shut) = mpsc::channel();
        let keeper = thread::spawn(move || {
            let held = gate.lock().unwrap();
            shut.send(()).unwrap();
            open.recv().unwrap();
            drop(held);
        });
        is_shut.recv().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..200)
            .map(|n| {
                let (pen, asked) = (Arc::clone(&pen), Arc::clone(&asked));
                tokio::spawn(async move {
                    asked.fetch_add(1, Relaxed);
                    pen.write_durably(format!("{n}\n")).await
                })
            })
            .collect();
        while asked.load(Relaxed) < 200 {
            tokio::task::yield_now().await;
        }
        opened.send(()).unwrap();
        keeper.join().unwrap();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(paper.text.lock().unwrap().lines().count(), 200);
        assert!(paper.syncs.load(Relaxed) <= 4, "{}", paper.syncs.load(Relaxed));
    }

    /// A disk with room for so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper for Full {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn after_a_failure_nothing_counts_as_written_and_it_is_told_once() {
        for threaded in [true, false] {
            let told = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&told);
            let on_failure = Box::new(move |_: &str| {
                count.fetch_add(1, Relaxed);
            });
            let paper = Box::new(Full(10));
            let pen = if threaded {
                Pen::in_thread(paper, on_failure).unwrap()
            } else {
                Pen::here(paper, on_failure)
            };
            pen.write_durably("12345\n".to_owned()).await.unwrap();
            pen.write("123456\n".to_owned());
            // Would fit, but a line before it is torn.
            assert!(pen.write_durably("1\n".to_owned()).await.is_err());
            assert!(pen.write_durably("2\n".to_owned()).await.unwrap_err().contains("storage"));
            assert_eq!(told.load(Relaxed), 1);
        }
    }
}
