//! A file under the system's own lock, which ends with the process that has it.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::ops::{Deref, DerefMut};

/// A file this process has the system's lock on.
///
/// It is unlocked by name when it is dropped: closing alone would leave the lock to whatever child is
/// being started just then, which holds a copy of every open file until it becomes its program.
#[derive(Debug)]
pub struct Locked(File);

/// Why a file is not locked.
#[derive(Debug)]
pub enum NotLocked {
    /// Another process has the lock; the file can still be read.
    Held(File),
    /// The system could not say.
    Failed(io::Error),
}

impl Locked {
    /// Locks the file at once or not at all.
    ///
    /// # Errors
    /// When another has the lock, or the system refuses.
    pub fn now(file: File) -> Result<Self, NotLocked> {
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(NotLocked::Held(file)),
            Err(TryLockError::Error(error)) => Err(NotLocked::Failed(error)),
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing the file, which follows, is all that is left to do about an error.
        let _ = self.0.unlock();
    }
}

impl Write for Locked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
    }
}
