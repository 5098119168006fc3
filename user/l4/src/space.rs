//! Address spaces. A space is named by any thread in it and dies with its last thread.

use pecan_abi::error::SysError;
use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::id::ThreadId;
use pecan_abi::layout;

use crate::{syscall, thread};

/// A plan of a new space: where its kernel interface page and its UTCBs lie.
///
/// By default both lie where the root task has them, with room for 256 threads.
///
/// ```no_run
/// # use l4::{ThreadId, space};
/// # fn f(first: ThreadId) -> Result<(), l4::SysError> {
/// space::Builder::new().create(first)?; // `first` now exists, inactive, in a space of its own
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Builder {
    kip_area: Fpage,
    utcb_area: Fpage,
    redirector: ThreadId,
}

/// Names who gets what the threads in the space of `space` send to threads of other spaces; with `None` it
/// goes where it is sent. See [`Builder::redirector`].
///
/// # Errors
/// No privilege, no such space, no such redirector.
pub fn set_redirector(space: ThreadId, redirector: Option<ThreadId>) -> Result<(), SysError> {
    let redirector = redirector.unwrap_or(ThreadId::ANY);
    // SAFETY: areas of a space that has them do not change.
    let pair = unsafe { syscall::space_control(space.raw(), 0, 0, 0, redirector.raw()) };
    if pair.first == 1 {
        Ok(())
    } else {
        Err(thread::last_error())
    }
}

impl Builder {
    /// The default plan.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            kip_area: layout::KIP_AREA_FPAGE,
            utcb_area: layout::UTCB_AREA_FPAGE,
            redirector: ThreadId::NIL,
        }
    }

    /// Puts the UTCBs at `base`, room for `1 << log2` bytes (at least 12: four threads).
    #[must_use]
    pub const fn utcb_area(mut self, base: u64, log2: u32) -> Self {
        self.utcb_area = Fpage::new(base, log2, Rights::NONE);
        self
    }

    /// Puts the kernel interface page at `base`.
    ///
    /// This library remembers one address of the page for all spaces of a program, so threads that
    /// use [`kip`](crate::kip) belong in spaces with the default.
    #[must_use]
    pub const fn kip_area(mut self, base: u64) -> Self {
        self.kip_area = Fpage::new(base, layout::KIP_LOG2, Rights::NONE);
        self
    }

    /// Lets `redirector` get whatever the space's threads send to threads of other spaces than their own and
    /// the redirector's, faults too. It learns for whom that was ([`Received::intended_receiver`]), and may send it
    /// on as if it were the sender ([`propagate`]).
    ///
    /// [`Received::intended_receiver`]: crate::ipc::Received::intended_receiver
    /// [`propagate`]: crate::ipc::propagate
    #[must_use]
    pub const fn redirector(mut self, redirector: ThreadId) -> Self {
        self.redirector = redirector;
        self
    }

    /// Address of UTCB number `slot` in the planned space.
    #[must_use]
    pub const fn utcb(&self, slot: u64) -> u64 {
        self.utcb_area.base() + slot * pecan_abi::utcb::UTCB_SIZE as u64
    }

    /// Creates the space together with its first thread `first` (a global id nobody has), inactive,
    /// with the caller as scheduler.
    ///
    /// # Errors
    /// As the ThreadControl and SpaceControl system calls; a thread that was already created is
    /// deleted again.
    pub fn create(self, first: ThreadId) -> Result<(), SysError> {
        thread::create_inactive(first, first)?;
        // SAFETY: the space is new, nothing lies in it.
        let pair = unsafe {
            let (kip, utcb) = (self.kip_area.raw(), self.utcb_area.raw());
            syscall::space_control(first.raw(), 0, kip, utcb, self.redirector.raw())
        };
        if pair.first == 1 {
            return Ok(());
        }
        let error = thread::last_error();
        thread::delete(first)?;
        Err(error)
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}
