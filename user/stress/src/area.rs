//! Memory that strings are sent from and received into: two areas for each worker, in every space at the same address.

use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

use l4::{Fpage, Rights, Time, ipc, memory};
use stress::places::{AREA, MOST_PIECES, Place, Places};
use stress::plan::MOST_WORKERS;
use stress::random::Random;
use stress::strings::{self, BLANK};
use stress::wrong::What;

const PAGE_LOG2: u32 = 12;
/// The base-2 logarithm of an area.
const AREA_LOG2: u32 = AREA.trailing_zeros();

/// One of a worker's areas.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// From which it sends.
    Outgoing,
    /// Into which it receives.
    Incoming,
}

#[repr(C, align(65536))]
struct Areas(UnsafeCell<[[[u8; AREA]; 2]; MOST_WORKERS]>);

// SAFETY: each worker has its own two, see `both`.
unsafe impl Sync for Areas {}

static AREAS: Areas = Areas(UnsafeCell::new([[[0; AREA]; 2]; MOST_WORKERS]));

/// Pages of an area.
const PAGES: usize = AREA >> PAGE_LOG2;
/// What stands in a page that nobody has.
const POISON: u64 = 0x5EED_0FF0_DEAD_BEEF;

/// Whoever brings a page, or has taken it away from everybody, keeps others from doing either.
static BUSY: [[AtomicBool; 2 * PAGES]; MOST_WORKERS] =
    [const { [const { AtomicBool::new(false) }; 2 * PAGES] }; MOST_WORKERS];

/// The words for the pages of the areas that are in `page`.
fn busy(page: Fpage) -> impl Iterator<Item = &'static AtomicBool> {
    let first = ((page.base() - AREAS.0.get() as u64) >> PAGE_LOG2) as usize;
    let numbers = first..first + (1 << (page.log2() - PAGE_LOG2));
    numbers.map(|number| &BUSY[number / (2 * PAGES)][number % (2 * PAGES)])
}

/// Keeps others from the pages in `page`; false: somebody keeps this thread from one.
pub(crate) fn claim(page: Fpage) -> bool {
    let taken = busy(page)
        .take_while(|word| !word.swap(true, Acquire))
        .count();
    let all = taken == busy(page).count();
    if !all {
        busy(page)
            .take(taken)
            .for_each(|word| word.store(false, Release));
    }
    all
}

/// Lets others have the pages in `page` that this thread has claimed.
pub(crate) fn release(page: Fpage) {
    busy(page).for_each(|word| word.store(false, Release));
}

/// Nobody has claimed anything: those who did may have been deleted.
pub(crate) fn release_all() {
    let words = BUSY.iter().flatten();
    words.for_each(|word| word.store(false, Release));
}

/// Takes a page of the areas of worker `index` away from everybody for a moment, and proves that then nobody uses it. The
/// root task's space.
///
/// # Errors
/// Its address: somebody wrote to it.
pub(crate) fn poison(index: usize, random: &mut Random) -> Result<(), u64> {
    let begin = AREAS.0.get() as u64 + (index * 2 * AREA) as u64;
    let page = Fpage::new(
        begin + (random.below(2 * PAGES as u64) << PAGE_LOG2),
        PAGE_LOG2,
        Rights::FULL,
    );
    if !claim(page) {
        return Ok(());
    }
    memory::unmap(page);
    let words = page.base() as *mut u64;
    let mut before = [0; 1 << (PAGE_LOG2 - 3)];
    let mut stays = true;
    for (at, word) in before.iter_mut().enumerate() {
        // SAFETY: the page is the areas', and for now nobody else's.
        *word = unsafe { words.wrapping_add(at).read_volatile() };
        // SAFETY: as above.
        unsafe { words.wrapping_add(at).write_volatile(POISON) };
    }
    ipc::sleep(Time::period(random.between(20, 400)));
    for (at, word) in before.iter().enumerate() {
        // SAFETY: as above.
        stays &= unsafe { words.wrapping_add(at).read_volatile() } == POISON;
        // SAFETY: as above.
        unsafe { words.wrapping_add(at).write_volatile(*word) };
    }
    release(page);
    if stays { Ok(()) } else { Err(page.base()) }
}

/// The areas of worker `index`, from which it sends and into which it receives.
///
/// # Safety
/// The caller is that worker, and has them only once at a time.
pub(crate) unsafe fn both(index: usize) -> &'static mut [[u8; AREA]; 2] {
    // SAFETY: one of the workers' own; the caller promises that nobody else has it.
    unsafe { &mut (*AREAS.0.get())[index] }
}

/// Whether this address is in an area.
pub(crate) fn contains(address: u64) -> bool {
    let begin = AREAS.0.get() as u64;
    (begin..begin + size_of::<Areas>() as u64).contains(&address)
}

/// Some pages of the areas of worker `index`.
pub(crate) fn some_pages(index: usize, random: &mut Random, rights: Rights) -> Fpage {
    let begin = AREAS.0.get() as u64 + (index * 2 * AREA) as u64;
    let log2 = random.between(PAGE_LOG2.into(), AREA_LOG2.into()) as u32;
    let number = random.below((2 * AREA as u64) >> log2);
    Fpage::new(begin + (number << log2), log2, rights)
}

/// Takes some pages away from the space of worker `index`, the caller, which is not the root task's.
pub(crate) fn lose_some_pages(index: usize, random: &mut Random) {
    for _ in 0..random.below(4) {
        let page = some_pages(index, random, Rights::FULL);
        // SAFETY: the pager brings them back as they were.
        unsafe { memory::flush(page) };
    }
}

/// Writes the strings of the message whose random sequence begins at `start` into their places.
pub(crate) fn fill(area: &mut [u8; AREA], places: &Places, start: u64) {
    for (number, place) in places.as_slice().iter().enumerate() {
        let mut from = 0;
        for piece in place.pieces() {
            let bytes = &mut area[piece.begin..][..piece.length];
            strings::write(start, number, from, bytes);
            from += piece.length;
        }
    }
}

/// Nothing has come yet.
pub(crate) fn clear(area: &mut [u8; AREA]) {
    area.fill(BLANK);
}

/// Proves that of strings of these lengths exactly the first `arrived` bytes came into the buffers, and nothing beside.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn verify(
    area: &mut [u8; AREA],
    buffers: &Places,
    lengths: &[usize],
    mut arrived: usize,
    start: u64,
) -> Result<(), (What, u64)> {
    let mut before = 0;
    for (number, place) in buffers.as_slice().iter().enumerate() {
        let length = lengths.get(number).copied().unwrap_or(0);
        let mut left = length.min(arrived).min(buffers.sizes()[number]);
        arrived -= left;
        let mut from = 0;
        for piece in place.pieces() {
            let bytes = &mut area[piece.begin..][..piece.length.min(left)];
            if let Some(at) = strings::altered(start, number, from, bytes) {
                return Err((What::Text, (before + from + at) as u64));
            }
            bytes.fill(BLANK);
            from += bytes.len();
            left -= bytes.len();
        }
        before += from;
    }
    match strings::touched(area) {
        Some(at) => Err((What::Beside, at as u64)),
        None => Ok(()),
    }
}

/// The pieces of a string or buffer of worker `index` in one of its areas; those that it does not have are empty.
///
/// # Safety
/// As [`both`]; the pieces lie in the area and do not overlap.
pub(crate) unsafe fn pieces(
    index: usize,
    side: Side,
    place: &Place,
) -> [&'static mut [u8]; MOST_PIECES] {
    // SAFETY: the address of an area; nothing is read.
    let area = unsafe { &raw mut (*AREAS.0.get())[index][side as usize] };
    let all = place.pieces();
    core::array::from_fn(|number| {
        let piece = all.get(number).copied().unwrap_or_default();
        let begin = area.cast::<u8>().wrapping_add(piece.begin);
        // SAFETY: the caller promises that the piece lies in the area and that nobody else has it.
        unsafe { core::slice::from_raw_parts_mut(begin, piece.length) }
    })
}
