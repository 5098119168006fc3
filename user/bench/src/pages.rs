//! What a page costs: a fault, a map item, a flush.

use core::cell::UnsafeCell;

use l4::{Fpage, MapItem, Rights, Tag, ThreadId, kip, memory, syscall, utcb};

use crate::hot;
use crate::measure::{Effort, Failure, MOST, Measured, sample};
use crate::partner::{self, MARK};

/// Where this space gets a page, and where the taker's does. Nothing of the program is there.
const WINDOW: u64 = 0x4000_0000;
const PLACE: u64 = 0x5000_0000;

/// Memory of which the first page is used. How long the kernel looks for a page depends on where it is: so it stays where it
/// is when the program grows a little.
#[repr(C, align(65536))]
struct Page(UnsafeCell<[u64; 8192]>);

// SAFETY: reached only through raw pointers, by threads that take turns.
unsafe impl Sync for Page {}

/// The page that the pager gives, and the one that is mapped from here.
static GIVEN: Page = Page(UnsafeCell::new([0; 8192]));
static OWN: Page = Page(UnsafeCell::new([0; 8192]));

impl Page {
    fn fpage(&self) -> Fpage {
        Fpage::new(self.0.get() as u64, 12, Rights::READ_WRITE)
    }
}

/// From the first touch of a page to the end of the instruction that touches it.
pub(crate) fn faults(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let giver = giver()?;
    sample(samples, effort.singles.min(400), 1, |_| {
        let ticks = touch();
        // SAFETY: nothing but `touch` uses the page.
        unsafe { memory::flush(window(Rights::FULL)) };
        ticks
    })
    .and_then(|measured| dismiss(giver).map(|()| measured))
}

/// Call and reply with a page.
pub(crate) fn maps(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let taker = partner::taker().map_err(Failure::Start)?;
    let own = OWN.fpage();
    let measured = sample(samples, effort.singles.min(400), 1, |_| {
        let ticks = give(taker, own);
        memory::unmap(own.with_rights(Rights::FULL));
        ticks
    })?;
    partner::stop(taker).map_err(Failure::Refused)?;
    Ok(measured)
}

/// Flush of a page that this space got from a pager and gave to the taker, whose space runs on the other CPU too if `inter`.
pub(crate) fn unmaps(
    effort: Effort,
    samples: &mut [u64; MOST],
    inter: bool,
) -> Result<(usize, Measured), Failure> {
    let giver = giver()?;
    let taker = partner::taker().map_err(Failure::Start)?;
    let spinner = match inter {
        true => Some(partner::spinner_beside(taker).map_err(Failure::Start)?),
        false => None,
    };
    let measured = sample(samples, effort.singles.min(400), 1, |_| {
        touch()?;
        give(taker, window(Rights::READ_WRITE))?;
        let before = hot::now();
        // SAFETY: nothing but `touch` uses the page.
        unsafe { memory::flush(window(Rights::FULL)) };
        Ok(hot::now() - before)
    })?;
    if let Some(spinner) = spinner {
        partner::stop_spinner(spinner).map_err(Failure::Refused)?;
    }
    partner::stop(taker).map_err(Failure::Refused)?;
    dismiss(giver)?;
    Ok(measured)
}

fn window(rights: Rights) -> Fpage {
    Fpage::new(WINDOW, 12, rights)
}

/// This thread's pager from now on.
fn giver() -> Result<ThreadId, Failure> {
    let giver = partner::giver(WINDOW, GIVEN.fpage()).map_err(Failure::Start)?;
    utcb::my().set_pager(giver);
    Ok(giver)
}

fn dismiss(giver: ThreadId) -> Result<(), Failure> {
    utcb::my().set_pager(kip::sigma0());
    partner::stop_giver(giver).map_err(Failure::Refused)
}

/// The ticks of reading the page in the window, where there is none before.
fn touch() -> Result<u64, Failure> {
    let before = hot::now();
    // SAFETY: the pager answers the fault with a page.
    let value = unsafe { (WINDOW as *const u64).read_volatile() };
    let ticks = hot::now() - before;
    if value == MARK {
        Ok(ticks)
    } else {
        Err(Failure::WrongPage(value))
    }
}

/// The ticks of giving a page to the taker, and of its answer.
fn give(taker: ThreadId, page: Fpage) -> Result<u64, Failure> {
    let [first, second] = MapItem {
        send_base: PLACE,
        fpage: page,
    }
    .words();
    let mut words = [Tag::new(0, 0, 2).raw(), first, second, 0, 0, 0, 0, 0];
    let mr0 = utcb::my().mr0();
    let before = hot::now();
    // SAFETY: the calling thread's own UTCB; nothing but words is accepted by default.
    unsafe { syscall::ipc_words(taker.raw(), taker.raw(), 0, mr0, &mut words) };
    let ticks = hot::now() - before;
    if words[0] == Tag::new(0, 0, 0).raw() {
        Ok(ticks)
    } else {
        Err(Failure::WrongTags(words[0]))
    }
}
