//! The kernel reserve: the frames that hold everything the kernel makes after its image.
//!
//! Its size is fixed at boot. Frames that were never used lie above a mark; frames that came back form a list through their first words.

use super::layout::{Image, PAGE};
use super::physmap;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use pecan_bootdata::regions::Region;
use spin::Mutex;
use x86_64::instructions::interrupts;

/// A 4-KiB frame of the reserve, by physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame(u64);

impl Frame {
    /// The physical address.
    #[inline]
    pub(crate) const fn phys(self) -> u64 {
        self.0
    }

    /// The frame at a physical address that [`Frame::phys`] gave.
    #[inline]
    pub(crate) const fn from_phys(phys: u64) -> Self {
        Self(phys)
    }
}

struct Reserve {
    fresh: Region,
    returned: u64,
    returned_count: u64,
}

/// Ends the list of returned frames: no frame is at physical address 0.
const NONE: u64 = 0;

/// Second word of a frame on the list, mixed with its address: shows a frame that is freed twice.
const RETURNED_MARK: u64 = 0x6672_6565_6672_616d;

static RESERVE: Mutex<Reserve> = Mutex::new(Reserve {
    fresh: Region::new(0, 0),
    returned: NONE,
    returned_count: 0,
});

const FORBIDDEN: usize = 32;
static FORBIDDEN_STARTS: [AtomicU64; FORBIDDEN] = [const { AtomicU64::new(0) }; FORBIDDEN];
static FORBIDDEN_ENDS: [AtomicU64; FORBIDDEN] = [const { AtomicU64::new(0) }; FORBIDDEN];
static FORBIDDEN_COUNT: AtomicUsize = AtomicUsize::new(0);

/// Gives the reserve its memory. Boot CPU, once. The region is page-aligned, mapped, and belongs to nobody else.
pub(super) fn init(region: Region) {
    forbid(Image::get().physical());
    forbid(region);
    RESERVE.lock().fresh = region;
}

/// A frame full of zeros; `None` when the reserve is used up. Any CPU.
pub(crate) fn allocate() -> Option<Frame> {
    let frame = with(|reserve| reserve.take_returned().or_else(|| reserve.take_fresh(1)))?;
    clear(frame, 1);
    Some(frame)
}

/// `count` frames in a row, full of zeros; gives the first. Only from frames that were never used, so early in boot. Any CPU.
pub(crate) fn allocate_contiguous(count: usize) -> Option<Frame> {
    let frame = with(|reserve| reserve.take_fresh(count as u64))?;
    clear(frame, count);
    Some(frame)
}

/// Gives a frame back that [`allocate`] gave, and that nothing refers to any more. Any CPU.
pub(crate) fn free(frame: Frame) {
    with(|reserve| reserve.put_back(frame));
}

/// How many frames are left. Any CPU.
pub(crate) fn free_frames() -> u64 {
    with(|reserve| reserve.fresh.size() / PAGE + reserve.returned_count)
}

/// Must users never map this physical address? True for the kernel's image, the reserve, and the interrupt controllers. Any CPU, no lock.
#[inline]
pub(crate) fn is_reserved(phys: u64) -> bool {
    overlaps_reserved(phys, 1)
}

/// Must users never map some part of `size` bytes from `phys`? Any CPU, no lock.
#[inline]
pub(crate) fn overlaps_reserved(phys: u64, size: u64) -> bool {
    forbidden().any(|region| region.overlaps(Region::sized(phys, size)))
}

/// What users must never map.
pub(crate) fn forbidden() -> impl Iterator<Item = Region> {
    let count = FORBIDDEN_COUNT.load(Ordering::Acquire);
    let starts = FORBIDDEN_STARTS.iter().zip(FORBIDDEN_ENDS.iter());
    starts
        .take(count)
        .map(|(start, end)| Region::new(start.load(Ordering::Relaxed), end.load(Ordering::Relaxed)))
}

/// Takes a physical region from users for good. Boot CPU, before the others start.
pub(crate) fn forbid(region: Region) {
    let place = FORBIDDEN_COUNT.load(Ordering::Relaxed);
    if let (Some(start), Some(end)) = (FORBIDDEN_STARTS.get(place), FORBIDDEN_ENDS.get(place)) {
        start.store(region.start, Ordering::Relaxed);
        end.store(region.end, Ordering::Relaxed);
        FORBIDDEN_COUNT.store(place + 1, Ordering::Release);
    }
}

fn with<R>(work: impl FnOnce(&mut Reserve) -> R) -> R {
    interrupts::without_interrupts(|| work(&mut RESERVE.lock()))
}

fn clear(frame: Frame, count: usize) {
    // SAFETY: the frames were just taken out of the reserve, so nothing else refers to them, and the physmap maps them.
    unsafe { physmap::to_virt(frame.0).write_bytes(0, count * PAGE as usize) };
}

impl Reserve {
    fn take_fresh(&mut self, count: u64) -> Option<Frame> {
        let size = count
            .checked_mul(PAGE)
            .filter(|size| *size > 0 && *size <= self.fresh.size())?;
        let frame = Frame(self.fresh.start);
        self.fresh.start += size;
        Some(frame)
    }

    fn take_returned(&mut self) -> Option<Frame> {
        let frame = Frame(self.returned);
        if frame.0 == NONE {
            return None;
        }
        // SAFETY: a frame on the list belongs to the list, and its first word is the link.
        self.returned = unsafe { physmap::to_virt(frame.0).cast::<u64>().read() };
        self.returned_count -= 1;
        Some(frame)
    }

    fn put_back(&mut self, frame: Frame) {
        debug_assert!(
            is_reserved(frame.0) && frame.0.is_multiple_of(PAGE),
            "a frame that is not the reserve's comes back"
        );
        let words = physmap::to_virt(frame.0).cast::<[u64; 2]>();
        if cfg!(debug_assertions) {
            // SAFETY: the frame is mapped, and its giver has let go of it.
            let old = unsafe { words.read() };
            assert!(
                old[1] != RETURNED_MARK ^ frame.0,
                "a frame comes back twice"
            );
        }
        // SAFETY: as above; from here on the frame belongs to the list.
        unsafe { words.write([self.returned, RETURNED_MARK ^ frame.0]) };
        self.returned = frame.0;
        self.returned_count += 1;
    }
}
