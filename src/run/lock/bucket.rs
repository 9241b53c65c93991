//! A lock in an S3 bucket: an object that only one of many can make. Its holder says every minute that it
//! lives; nobody takes it over because it has fallen silent, but who resumes the run that held it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::owner::Owner;
use super::{Refused, Taken};
use crate::aws::Bucket;
use crate::report::event::{EventKind, Events, WeakEvents};
use crate::shutdown::{Level, Shutdown};

/// How often the holder says that it lives.
const HEARTBEAT: Duration = Duration::from_mins(1);

/// A holder that was silent for so long has missed five heartbeats.
pub(super) const SILENT: Duration = Duration::from_mins(5);

/// Where the lock is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: String,
    /// `s3://bucket/key`
    pub(super) shown: String,
}

/// A lock that is held.
#[derive(Debug)]
pub(super) struct BucketLock {
    place: Place,
    stop: oneshot::Sender<()>,
    /// Answers the entity tag of the lock as it was last written; `None` when it was lost.
    heart: JoinHandle<Option<String>>,
}

/// Takes the lock. The one that an ended process of the same run has left is taken over.
pub(super) async fn take(
    place: Place,
    owner: Owner,
    events: &Events,
    shutdown: &Shutdown,
) -> Result<(BucketLock, Taken), Refused> {
    let text = owner.to_text();
    let made = place.bucket.create(&place.key, &text).await.map_err(Refused::Aws)?;
    let (etag, taken) = match made {
        Some(etag) => (etag, Taken::Free),
        None => take_over(&place, &owner, &text).await?,
    };
    let (stop, stopped) = oneshot::channel();
    let heart = beat(place.clone(), owner, etag, events.downgrade(), shutdown.clone(), stopped);
    let heart = tokio::spawn(heart);
    Ok((BucketLock { place, stop, heart }, taken))
}

/// Takes over what an ended process of the same run has left; anybody else's lock refuses.
async fn take_over(place: &Place, owner: &Owner, text: &str) -> Result<(String, Taken), Refused> {
    let again =
        |what: &str| Refused::Failed(format!("{} was {what} this moment; try again", place.shown));
    let there = place.bucket.get(&place.key).await.map_err(Refused::Aws)?;
    let (found, etag) = there.ok_or_else(|| again("given back"))?;
    let left = Owner::from_text(&found).ok_or_else(|| not_a_lock(place))?;
    let has_ended = left.is_dead() || left.silence(owner.since) > SILENT;
    if left.run != owner.run || !has_ended {
        return Err(Refused::Held { owner: Box::new(left), is_alive: false });
    }
    let replaced = place.bucket.replace(&place.key, text, &etag).await.map_err(Refused::Aws)?;
    let etag = replaced.ok_or_else(|| again("taken by another"))?;
    Ok((etag, Taken::Over(Some(Box::new(left)))))
}

/// Refuses where somebody holds a lock whose key begins so; takes nothing.
pub(super) async fn look(place: &Place, beginning: &str) -> Result<(), Refused> {
    for key in place.bucket.keys(beginning).await.map_err(Refused::Aws)? {
        let there = place.bucket.get(&key).await.map_err(Refused::Aws)?;
        if let Some(owner) = there.and_then(|(text, _)| Owner::from_text(&text)) {
            return Err(Refused::Held { owner: Box::new(owner), is_alive: false });
        }
    }
    Ok(())
}

fn not_a_lock(place: &Place) -> Refused {
    Refused::Failed(format!(
        "{} is no lock of this version of linkwalk; look at it, and delete it by hand",
        place.shown
    ))
}

/// Says every minute that the holder lives, until it is stopped or the lock is lost. Who has lost it
/// starts nothing new: somebody else may hold it.
async fn beat(
    place: Place,
    mut owner: Owner,
    mut etag: String,
    events: WeakEvents,
    shutdown: Shutdown,
    mut stopped: oneshot::Receiver<()>,
) -> Option<String> {
    let start = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return Some(etag),
            () = sleep(HEARTBEAT) => {}
        }
        let elapsed = SignedDuration::try_from(start.elapsed()).unwrap_or_default();
        owner.heard = owner.since.checked_add(elapsed).unwrap_or(Timestamp::MAX);
        match place.bucket.replace(&place.key, &owner.to_text(), &etag).await {
            Ok(Some(next)) => etag = next,
            Ok(None) => {
                let text = format!(
                    "the lock {} was broken or taken by another run; nothing new is started",
                    place.shown
                );
                events.send(EventKind::Notice { text });
                if shutdown.request(Level::Drain) {
                    events.send(EventKind::ShutdownRequested { level: "drain" });
                }
                return None;
            }
            // Nobody takes a lock for its silence alone: the next heartbeat may get through.
            Err(failure) => {
                let text = format!("the lock {} could not be renewed: {failure}", place.shown);
                events.send(EventKind::Notice { text });
            }
        }
    }
}

/// Deletes the lock, if this run holds it.
pub(super) async fn break_open(place: &Place, run: &str) -> Result<Owner, Refused> {
    let there = place.bucket.get(&place.key).await.map_err(Refused::Aws)?;
    let Some((text, etag)) = there else { return Err(Refused::Free) };
    // What cannot be read has no run by which it could be named.
    let owner = Owner::from_text(&text).ok_or_else(|| not_a_lock(place))?;
    if owner.run != run {
        return Err(Refused::Held { owner: Box::new(owner), is_alive: false });
    }
    if place.bucket.delete(&place.key, &etag).await.map_err(Refused::Aws)? {
        Ok(owner)
    } else {
        Err(Refused::Failed(format!(
            "{} was renewed this moment: run {run} lives; stop it first",
            place.shown
        )))
    }
}

impl BucketLock {
    /// Gives the lock back. The error is for people.
    pub(super) async fn release(self) -> Result<(), String> {
        let Self { place, stop, heart } = self;
        // The heart may have stopped by itself.
        stop.send(()).ok();
        let Ok(Some(etag)) = heart.await else {
            return Ok(());
        };
        match place.bucket.delete(&place.key, &etag).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{} is not this run's any more", place.shown)),
            Err(failure) => Err(format!("cannot give {} back: {failure}", place.shown)),
        }
    }
}
