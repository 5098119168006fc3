//! Threads that bring pages to workers, each on another CPU than most of those that it serves, and sometimes late.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::abi::item::MapItem;
use l4::abi::protocol::PageFault;
use l4::ipc::{self, Received};
use l4::thread::{Builder, StartError};
use l4::{Fpage, Message, Rights, ThreadId, Time, pager, server};
use stress::random::Random;

use crate::area;
use crate::board::RUN;
use crate::staff::{PROVIDER, PROVIDERS};

/// Above all others but the one that watches: who waits for a page waits for nobody else.
const PRIORITY: u8 = 220;
/// Set in a stream number to keep these random numbers apart from the workers'.
const STREAM: u64 = 3 << 60;

/// Between two looks at a page that somebody else has.
const CLAIMED: Time = Time::period(30);

/// Pages brought to areas.
pub(crate) static PAGES: AtomicU64 = AtomicU64::new(0);

/// Starts them: one on each of the first CPUs.
pub(crate) fn start() -> Result<(), StartError> {
    area::release_all();
    for (index, provider) in PROVIDER[..number()].iter().enumerate() {
        let plan = Builder::new().cpu(index).priority(PRIORITY);
        provider.start(plan, provide, index)?;
    }
    Ok(())
}

fn number() -> usize {
    RUN.cpus.load(Relaxed).min(PROVIDERS)
}

/// Who brings pages to whatever has this index and began on that CPU.
pub(crate) fn of(index: usize, cpu: usize) -> ThreadId {
    let provider = &PROVIDER[(cpu + 1 + index) % number()];
    provider.thread().unwrap_or(ThreadId::NIL)
}

fn provide(index: u64) {
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | index);
    server::serve(|request| answer(request, &mut random))
}

fn answer(request: &Received, random: &mut Random) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    match PageFault::from_words(words) {
        Some(fault) if area::contains(fault.address) => {
            bring(request.from, fault, random);
            None
        }
        _ => pager::answer(request),
    }
}

/// A page of an area: sometimes late, sometimes with others around it, sometimes without the right to write to it.
fn bring(to: ThreadId, fault: PageFault, random: &mut Random) {
    PAGES.fetch_add(1, Relaxed);
    if random.chance(4) {
        ipc::sleep(Time::period(random.between(50, 1500)));
    }
    let log2 = if random.chance(20) { 14 } else { 12 };
    let base = fault.address >> log2 << log2;
    let rights = if fault.access.contains(Rights::WRITE) || random.chance(50) {
        Rights::READ_WRITE
    } else {
        Rights::READ
    };
    let fpage = Fpage::new(base, log2, rights);
    while !area::claim(fpage) {
        ipc::sleep(CLAIMED);
    }
    let answer = Message::new(0).map(MapItem {
        send_base: base,
        fpage,
    });
    // Who was aborted or deleted meanwhile does not wait for it.
    let _ = ipc::send_within(to, &answer, Time::ZERO);
    area::release(fpage);
}
