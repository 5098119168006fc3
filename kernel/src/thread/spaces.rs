//! In which space a thread is, and what follows from that.

use core::sync::atomic::Ordering;

use super::resources::Resources;
use super::tcb::Tcb;
use crate::space::Space;

impl Tcb {
    /// The space, or none before the thread has one.
    pub(crate) fn space(&self) -> Option<&'static Space> {
        // SAFETY: a space lives as long as one of its threads, and the thread-control lock orders who reads the
        // space of a thread that lives elsewhere against its end.
        unsafe { self.space.load(Ordering::Acquire).as_ref() }
    }

    /// A name of the space that may be compared on any CPU; 0 for none.
    pub(crate) fn space_name(&self) -> u64 {
        self.space.load(Ordering::Acquire) as u64
    }

    /// Whether `self` and `other` share a space.
    #[inline(always)]
    pub(crate) fn same_space(&self, other: &Self) -> bool {
        self.root.get() == other.root.get()
    }

    /// How `receiver` sees a message from this thread, whose global id is `id`: by its local id within a space, else
    /// by the global one (L4 X.2, IPC, from).
    #[inline(always)]
    pub(crate) fn sender_id(&self, id: u64, receiver: &Self) -> u64 {
        if self.same_space(receiver) {
            self.local_id.get()
        } else {
            id
        }
    }

    /// Puts the thread into a space, or into none. Home CPU, or before anybody knows the thread; under the thread-control
    /// lock.
    pub(crate) fn set_space(&self, space: Option<&'static Space>) {
        self.root.set(space.map_or(0, Space::root));
        let pointer = space.map_or(core::ptr::null_mut(), |space| {
            core::ptr::from_ref(space).cast_mut()
        });
        self.space.store(pointer, Ordering::Release);
        self.note_redirector();
    }

    /// Notes whether the space has a redirector. As [`Self::set_space`].
    pub(crate) fn note_redirector(&self) {
        let others = self.resources.get() & !Resources::REDIRECTED;
        let redirected = self.space().is_some_and(|space| space.redirector() != 0);
        self.resources.set(if redirected {
            others | Resources::REDIRECTED
        } else {
            others
        });
    }
}
