//! [`Builder`]: a thread from plan to running.

use pecan_abi::error::{IpcError, SysError};
use pecan_abi::exregs;
use pecan_abi::id::ThreadId;
use pecan_abi::time::Time;

use super::entry::{Function, prepare, start_address};
use super::{Stack, activate, create_inactive, delete, exchange, fresh_id, myself};
use crate::message::Message;
use crate::schedule::Quantum;
use crate::syscall::Registers;
use crate::{ipc, kip, pager, schedule, space, utcb};

/// Why a thread could not be started. A thread that was created half is deleted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// Another thread runs on the stack.
    StackInUse,
    /// A system call refused.
    Refused(SysError),
    /// The start message did not arrive.
    NotStarted(IpcError),
}

impl From<SysError> for StartError {
    fn from(error: SysError) -> Self {
        Self::Refused(error)
    }
}

/// The kernel's own.
const DEFAULT_SLICE: Time = Time::period(10_000);

/// Where a thread is to live.
#[derive(Clone, Copy, Debug)]
enum Home {
    Mine,
    With(ThreadId),
    New(space::Builder),
}

/// A plan of a new thread. Only threads of a privileged space can carry it out.
///
/// By default the thread gets a fresh id, lives in the caller's space on the caller's CPU with the
/// kernel's default priority (100) and time slice (10 ms), and has the caller's pager, or, in a new
/// space, the library's [`pager`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Builder {
    id: Option<ThreadId>,
    home: Home,
    pager: Option<ThreadId>,
    slot: Option<u64>,
    cpu: Option<usize>,
    priority: Option<u8>,
    slice: Time,
    quantum: Quantum,
    scheduler: Option<ThreadId>,
}

impl Builder {
    /// The default plan.
    pub const fn new() -> Self {
        Self {
            id: None,
            home: Home::Mine,
            pager: None,
            slot: None,
            cpu: None,
            priority: None,
            slice: DEFAULT_SLICE,
            quantum: Quantum::Unlimited,
            scheduler: None,
        }
    }

    /// Uses this global id instead of a fresh one.
    pub const fn id(mut self, id: ThreadId) -> Self {
        self.id = Some(id);
        self
    }

    /// Puts the thread into the space of `thread`.
    pub const fn in_space_of(mut self, thread: ThreadId) -> Self {
        self.home = Home::With(thread);
        self
    }

    /// Puts the thread into a new space with the default areas.
    pub const fn new_space(self) -> Self {
        self.new_space_as(space::Builder::new())
    }

    /// Puts the thread into a new space.
    pub const fn new_space_as(mut self, plan: space::Builder) -> Self {
        self.home = Home::New(plan);
        self
    }

    /// Names who serves the thread's page faults.
    pub const fn pager(mut self, pager: ThreadId) -> Self {
        self.pager = Some(pager);
        self
    }

    /// Chooses the place of the thread's UTCB in its space's UTCB area, counted from 0.
    ///
    /// By default it is the thread number less the first user thread's number, and 0 for the first
    /// thread of a new space, so that threads with fresh ids never collide; an area of 256 UTCBs is
    /// full when that number reaches 256.
    pub const fn utcb_slot(mut self, slot: u64) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Places the thread on a CPU.
    pub const fn cpu(mut self, cpu: usize) -> Self {
        self.cpu = Some(cpu);
        self
    }

    /// Sets the priority (0 to 255).
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Sets the time slice.
    pub const fn slice(mut self, slice: Time) -> Self {
        self.slice = slice;
        self
    }

    /// Sets the total quantum.
    pub const fn quantum(mut self, quantum: Quantum) -> Self {
        self.quantum = quantum;
        self
    }

    /// Names who may schedule the thread besides privileged threads, and gets its preemption faults;
    /// by default the caller.
    pub const fn scheduler(mut self, scheduler: ThreadId) -> Self {
        self.scheduler = Some(scheduler);
        self
    }

    /// Creates, places and activates the thread; it waits for its start message.
    ///
    /// # Errors
    /// What the system calls refuse; nothing is left behind.
    pub fn create(self) -> Result<ThreadId, StartError> {
        self.create_with(self.chosen_pager()?)
    }

    fn create_with(self, pager: ThreadId) -> Result<ThreadId, StartError> {
        let id = self.id.unwrap_or_else(fresh_id);
        match self.home {
            Home::Mine => create_inactive(id, myself())?,
            Home::With(thread) => create_inactive(id, thread)?,
            Home::New(plan) => plan.create(id)?,
        }
        let ready = self.place(id).and_then(|()| self.activate(id, pager));
        if let Err(error) = ready {
            delete(id)?;
            return Err(error.into());
        }
        Ok(id)
    }

    /// Creates the thread and lets it run `function(argument)` on `stack`.
    ///
    /// If the caller or the library's pager is the thread's pager, that one sends the start message;
    /// else the registers are set directly, for which the thread or its pager must live in the
    /// caller's space.
    ///
    /// # Errors
    /// As [`Self::create`], a stack in use, or the start was refused.
    pub fn start<const SIZE: usize>(
        self,
        function: Function,
        argument: u64,
        stack: &'static Stack<SIZE>,
    ) -> Result<ThreadId, StartError> {
        let top = stack.take().ok_or(StartError::StackInUse)?;
        let started = self.chosen_pager().and_then(|pager| {
            let id = self.create_with(pager)?;
            // SAFETY: the stack was just taken for this thread.
            let sp = unsafe { prepare(top, function, argument) };
            run(id, pager, sp).map(|()| id)
        });
        if started.is_err() {
            // SAFETY: there is no thread that could run on it.
            unsafe { stack.release() };
        }
        started
    }

    fn place(&self, id: ThreadId) -> Result<(), SysError> {
        if let Some(cpu) = self.cpu {
            schedule::set_cpu(id, cpu)?;
        }
        if let Some(priority) = self.priority {
            schedule::set_priority(id, priority)?;
        }
        if self.slice != DEFAULT_SLICE || self.quantum != Quantum::Unlimited {
            schedule::set_time(id, self.slice, self.quantum)?;
        }
        if let Some(scheduler) = self.scheduler {
            schedule::set_scheduler(id, scheduler)?;
        }
        Ok(())
    }

    fn activate(&self, id: ThreadId, pager: ThreadId) -> Result<(), SysError> {
        let (space, plan, first_free) = match self.home {
            Home::Mine => (myself(), space::Builder::new(), None),
            Home::With(thread) => (thread, space::Builder::new(), None),
            Home::New(plan) => (id, plan, Some(0)),
        };
        let own = u64::from(id.number() - kip::thread_info().user_base);
        let slot = self.slot.or(first_free).unwrap_or(own);
        activate(id, space, pager, plan.utcb(slot))
    }

    /// The pager of the plan; the library's is started when it is needed for the first time.
    fn chosen_pager(&self) -> Result<ThreadId, StartError> {
        match (self.pager, self.home) {
            (Some(pager), _) => Ok(pager),
            (None, Home::Mine) => Ok(utcb::my().pager()),
            (None, Home::With(_) | Home::New(_)) => pager::start(),
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// Sets the created thread going; deletes it if that fails.
fn run(id: ThreadId, pager: ThreadId, sp: u64) -> Result<(), StartError> {
    let ip = start_address();
    let started = if pager == myself() {
        ipc::send(id, &Message::new(0).words(&[ip, sp])).map_err(StartError::NotStarted)
    } else if pager == pager::running() {
        pager::ask_for_start(id, ip, sp).map_err(StartError::NotStarted)
    } else {
        let registers = Registers {
            control: exregs::START,
            sp,
            ip,
            ..Registers::default()
        };
        // SAFETY: the thread is new and gets the entry code and a stack of its own.
        unsafe { exchange(id, registers) }
            .map(|_| ())
            .map_err(StartError::Refused)
    };
    if started.is_err() {
        delete(id)?;
    }
    started
}
