//! The time everything local agrees on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::files;

/// Real time plus an offset that can be moved forward, shared by all its clones.
#[derive(Clone, Debug)]
pub struct Clock {
    offset: Arc<AtomicI64>,
    /// Where the offset is kept; held while it moves, so that two moves can't undo each other.
    kept: Arc<Mutex<Option<PathBuf>>>,
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// Time only goes forward.
    #[error("it is already {}, and the clock does not go back to {}", written(*now), written(*asked))]
    Backward {
        /// What the clock shows.
        now: DateTime<Utc>,
        /// What was asked for.
        asked: DateTime<Utc>,
    },
    /// The new offset could not be stored, so it does not hold.
    #[error("the clock's offset could not be stored")]
    Store(#[source] std::io::Error),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    offset_ms: i64,
}

impl Clock {
    /// A clock that forgets, showing `start` now, or real time.
    pub fn in_memory(start: Option<DateTime<Utc>>) -> Self {
        let offset = start.map_or(0, |start| (start - Utc::now()).num_milliseconds());
        Clock { offset: Arc::new(AtomicI64::new(offset)), kept: Arc::default() }
    }

    /// The clock kept in `file`. Without one it shows `start`, or real time; with one it goes on from there, and
    /// moves to `start` only if that is later.
    pub fn open(file: &Path, start: Option<DateTime<Utc>>) -> anyhow::Result<Self> {
        let kept = files::read(file).with_context(|| format!("reading {}", file.display()))?;
        let clock = match &kept {
            Some(bytes) => {
                let kept: Kept = serde_json::from_slice(bytes).with_context(|| format!("{} is not a clock", file.display()))?;
                Clock { offset: Arc::new(AtomicI64::new(kept.offset_ms)), kept: Arc::default() }
            }
            None => Clock::in_memory(start),
        };
        *files::lock(&clock.kept) = Some(file.to_owned());
        match start.filter(|start| *start > clock.now()) {
            Some(start) => clock.set(start)?,
            None => clock.store(clock.offset.load(Ordering::Acquire)).map_err(ClockError::Store)?,
        }
        Ok(clock)
    }

    /// The time it is, to the millisecond: what the table keeps.
    pub fn now(&self) -> DateTime<Utc> {
        (Utc::now() + TimeDelta::milliseconds(self.offset.load(Ordering::Acquire))).trunc_subsecs(3)
    }

    /// The offset from real time in milliseconds, to be read by anything that keeps time alongside.
    pub fn offset(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.offset)
    }

    /// Moves to `time`; refuses to go backward.
    pub fn set(&self, time: DateTime<Utc>) -> Result<(), ClockError> {
        let real = Utc::now();
        // Rounded up: a caller that sets a time finds it reached.
        let offset = (time - real + TimeDelta::microseconds(999)).num_milliseconds();
        let kept = files::lock(&self.kept);
        let current = self.offset.load(Ordering::Acquire);
        if offset < current {
            return Err(ClockError::Backward { now: real + TimeDelta::milliseconds(current), asked: time });
        }
        Self::keep(kept.as_ref(), offset).map_err(ClockError::Store)?;
        self.offset.store(offset, Ordering::Release);
        Ok(())
    }

    /// Moves to `time`, unless it is past already.
    pub fn reach(&self, time: DateTime<Utc>) -> Result<(), ClockError> {
        match self.set(time) {
            Err(ClockError::Backward { .. }) => Ok(()),
            moved => moved,
        }
    }

    /// Moves forward by that much.
    pub fn advance(&self, by: std::time::Duration) -> Result<(), ClockError> {
        let kept = files::lock(&self.kept);
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2);
        let offset = self.offset.load(Ordering::Acquire).saturating_add(by);
        Self::keep(kept.as_ref(), offset).map_err(ClockError::Store)?;
        self.offset.store(offset, Ordering::Release);
        Ok(())
    }

    /// Writes what it shows to a file, for a clock that is opened there.
    pub(crate) fn copy_to(&self, file: &Path) -> std::io::Result<()> {
        Self::keep(Some(&file.to_owned()), self.offset.load(Ordering::Acquire))
    }

    fn store(&self, offset: i64) -> std::io::Result<()> {
        Self::keep(files::lock(&self.kept).as_ref(), offset)
    }

    fn keep(file: Option<&PathBuf>, offset_ms: i64) -> std::io::Result<()> {
        match file {
            Some(file) => files::replace(file, &serde_json::to_vec(&Kept { offset_ms })?),
            None => Ok(()),
        }
    }
}

/// A time as everything here writes it: RFC 3339, in UTC.
pub(crate) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
