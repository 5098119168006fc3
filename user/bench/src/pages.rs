//! What a page costs: a fault, a map item, a flush.

use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use l4::{Fpage, MapItem, Rights, Tag, ThreadId, kip, memory, syscall, utcb};

use crate::hot;
use crate::measure::{Effort, Failure, MOST, Measured, ipis_sent, sample};
use crate::partner::{self, DISMISSED, MARK, NOTHING_SEEN, Place, SIGHT};

/// Where this space gets a page, and where the taker's does. Nothing of the program is there.
const WINDOW: u64 = 0x4000_0000;
const PLACE: u64 = 0x5000_0000;

/// Memory for one page.
#[repr(C, align(65536))]
struct Page(UnsafeCell<[u64; 512]>);

// SAFETY: reached only through raw pointers, by threads that take turns.
unsafe impl Sync for Page {}

/// The page that the pager gives, and the one that is mapped from here.
static GIVEN: Page = Page(UnsafeCell::new([0; 512]));
static OWN: Page = Page(UnsafeCell::new([0; 512]));

impl Page {
    fn fpage(&self) -> Fpage {
        Fpage::new(self.0.get() as u64, 12, Rights::READ_WRITE)
    }
}

/// From the first touch of a page to the end of the instruction that touches it.
pub(crate) fn faults(
    pager: Place,
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let giver = giver(pager)?;
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
        let ticks = give(taker, own, Place::Here);
        memory::unmap(own.with_rights(Rights::FULL));
        ticks
    })?;
    partner::stop(taker).map_err(Failure::Refused)?;
    Ok(measured)
}

/// Flush of a page that this space got from a pager and gave to the taker.
pub(crate) fn unmaps(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let giver = giver(Place::Here)?;
    let taker = partner::taker().map_err(Failure::Start)?;
    let measured = sample(samples, effort.singles.min(400), 1, |_| {
        touch()?;
        give(taker, window(Rights::READ_WRITE), Place::Here)?;
        let before = hot::open();
        // SAFETY: nothing but `touch` uses the page.
        unsafe { memory::flush(window(Rights::FULL)) };
        Ok(hot::close() - before)
    })?;
    partner::stop(taker).map_err(Failure::Refused)?;
    dismiss(giver)?;
    Ok(measured)
}

/// Flush of a page that this space got from a pager and gave to one that runs on another CPU then. The interrupts are those of
/// the flush alone.
pub(crate) fn unmaps_elsewhere(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let giver = giver(Place::Here)?;
    let user = partner::user(PLACE).map_err(Failure::Start)?;
    let (mut rounds, mut ipis) = (0, Some(0));
    let (count, measured) = sample(samples, effort.singles.min(400), 1, |_| {
        touch()?;
        SIGHT.store(NOTHING_SEEN, Relaxed);
        give(user, window(Rights::READ_WRITE), Place::Elsewhere)?;
        while SIGHT.load(Acquire) == NOTHING_SEEN {
            core::hint::spin_loop();
        }
        let sent_before = ipis_sent();
        let before = hot::open();
        // SAFETY: nothing but `touch` and the user, who has done so, use the page.
        unsafe { memory::flush(window(Rights::FULL)) };
        let ticks = hot::close() - before;
        let sent = ipis_sent().zip(sent_before);
        ipis = ipis
            .zip(sent)
            .map(|(sum, (after, before))| sum + after - before);
        rounds += 1;
        let seen = SIGHT.load(Relaxed);
        DISMISSED.store(true, Release);
        if seen == MARK {
            Ok(ticks)
        } else {
            Err(Failure::WrongPage(seen))
        }
    })?;
    partner::stop(user).map_err(Failure::Refused)?;
    dismiss(giver)?;
    let measured = Measured {
        rounds,
        ipis,
        ..measured
    };
    Ok((count, measured))
}

fn window(rights: Rights) -> Fpage {
    Fpage::new(WINDOW, 12, rights)
}

/// This thread's pager from now on.
fn giver(place: Place) -> Result<ThreadId, Failure> {
    let giver = partner::giver(WINDOW, GIVEN.fpage(), place).map_err(Failure::Start)?;
    utcb::my().set_pager(giver);
    Ok(giver)
}

fn dismiss(giver: ThreadId) -> Result<(), Failure> {
    utcb::my().set_pager(kip::sigma0());
    partner::stop_giver(giver).map_err(Failure::Refused)
}

/// The ticks of reading the page in the window, where there is none before.
fn touch() -> Result<u64, Failure> {
    let before = hot::open();
    // SAFETY: the pager answers the fault with a page.
    let value = unsafe { (WINDOW as *const u64).read_volatile() };
    let ticks = hot::close() - before;
    if value == MARK {
        Ok(ticks)
    } else {
        Err(Failure::WrongPage(value))
    }
}

/// The ticks of giving a page to a taker, who lives at `place`, and of its answer.
fn give(taker: ThreadId, page: Fpage, place: Place) -> Result<u64, Failure> {
    let [first, second] = MapItem {
        send_base: PLACE,
        fpage: page,
    }
    .words();
    let mut words = [Tag::new(0, 0, 2).raw(), first, second, 0, 0, 0, 0, 0];
    let mr0 = utcb::my().mr0();
    let before = hot::open();
    // SAFETY: the calling thread's own UTCB; nothing but words is accepted by default.
    unsafe { syscall::ipc_words(taker.raw(), taker.raw(), 0, mr0, &mut words) };
    let ticks = hot::close() - before;
    if words[0] == place.answer().raw() {
        Ok(ticks)
    } else {
        Err(Failure::WrongTags(words[0]))
    }
}
