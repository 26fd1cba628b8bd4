//! The time, as a value that can be handed around and moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// What time it is: the machine's time plus an offset, which is zero but on the local stack and in tests.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's time.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shares an offset in milliseconds with whoever moves it.
    pub fn shifted(offset_ms: Arc<AtomicI64>) -> Self {
        Self { offset_ms }
    }

    /// Now, to the millisecond: what the table keeps.
    pub fn now(&self) -> DateTime<Utc> {
        (Utc::now() + Duration::milliseconds(self.offset_ms.load(Ordering::SeqCst))).trunc_subsecs(3)
    }
}
