//! Threads that are no workers: they interfere, bring pages, serve interrupts, or storm. Each has its number and stack for
//! good, and is made anew in every round.

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::thread::{self, Builder, Function, StartError};
use l4::{Stack, SysError, ThreadId};

use crate::board::count;

/// Most members of each kind.
pub(crate) const AGENTS: usize = 4;
/// Most threads that bring pages.
pub(crate) const PROVIDERS: usize = 4;
/// Most threads that serve interrupts.
pub(crate) const DRIVERS: usize = 3;
/// Most threads that storm.
pub(crate) const STORMERS: usize = 32;

/// Threads that interfere with workers.
pub(crate) static AGENT: [Member; AGENTS] = [const { Member::new() }; AGENTS];
/// Threads that bring pages.
pub(crate) static PROVIDER: [Member; PROVIDERS] = [const { Member::new() }; PROVIDERS];
/// Threads that serve interrupts.
pub(crate) static DRIVER: [Member; DRIVERS] = [const { Member::new() }; DRIVERS];
/// Threads that storm.
pub(crate) static STORMER: [Member; STORMERS] = [const { Member::new() }; STORMERS];

/// A thread.
pub(crate) struct Member {
    number: AtomicU32,
    version: AtomicU32,
    id: AtomicU64,
    beats: AtomicU64,
    is_watched: AtomicBool,
    is_finished: AtomicBool,
    stack: Stack<16384>,
}

impl Member {
    const fn new() -> Self {
        Self {
            number: AtomicU32::new(0),
            version: AtomicU32::new(0),
            id: AtomicU64::new(0),
            beats: AtomicU64::new(0),
            is_watched: AtomicBool::new(false),
            is_finished: AtomicBool::new(false),
            stack: Stack::new(),
        }
    }

    /// Everybody.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        let (agents, providers) = (AGENT.iter(), PROVIDER.iter());
        agents.chain(providers).chain(&DRIVER).chain(&STORMER)
    }

    /// Lets it run `function(argument)`. Not while it runs already.
    pub(crate) fn start(
        &'static self,
        plan: Builder,
        function: Function,
        argument: usize,
    ) -> Result<(), StartError> {
        if self.number.load(Relaxed) == 0 {
            self.number.store(thread::fresh_id().number(), Relaxed);
        }
        let version = next_version(self.version.load(Relaxed));
        self.version.store(version, Relaxed);
        self.is_finished.store(false, Relaxed);
        self.is_watched.store(false, Relaxed);
        let id = ThreadId::global(self.number.load(Relaxed), version);
        self.id.store(id.raw(), Release);
        plan.id(id).start(function, argument as u64, &self.stack)?;
        Ok(())
    }

    /// Deletes it, if it runs.
    pub(crate) fn end(&'static self) -> Result<(), SysError> {
        let Some(id) = self.thread() else {
            return Ok(());
        };
        self.id.store(0, Release);
        thread::delete(id)?;
        // SAFETY: the only thread that ran on it is deleted.
        unsafe { self.stack.release() };
        Ok(())
    }

    /// Its id while it runs.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        let id = ThreadId::from_raw(self.id.load(Acquire));
        (!id.is_nil()).then_some(id)
    }

    /// The last id that it had, if it ever ran.
    pub(crate) fn last_id(&self) -> Option<ThreadId> {
        let version = self.version.load(Relaxed);
        (version != 0).then(|| ThreadId::global(self.number.load(Relaxed), version))
    }

    /// A sign of life: from the first one on, the next is expected soon. Its own thread.
    pub(crate) fn beat(&self) {
        count(&self.beats);
        self.is_watched.store(true, Release);
    }

    /// Its own thread has come to its end.
    pub(crate) fn finish(&self) {
        self.is_finished.store(true, Release);
    }

    /// Whether it has come to its end, or does not run.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished.load(Acquire) || self.thread().is_none()
    }

    /// Signs of life so far; `None` if none is to be expected.
    pub(crate) fn pulse(&self) -> Option<u64> {
        let expected = self.is_watched.load(Acquire) && !self.is_finished();
        expected.then(|| self.beats.load(Acquire))
    }
}

/// The version behind this one. Versions whose low bits are 0 name no thread.
pub(crate) const fn next_version(version: u32) -> u32 {
    let next = version + 1;
    if next.is_multiple_of(64) {
        next + 1
    } else {
        next
    }
}
