//! Pages of all sizes, several at once, parts of pages, and windows.

use l4::{Fpage, Rights, Tag, ThreadId, sigma0, syscall, utcb};

use super::agent::{Agent, MAP, PLACE, agents, give, item, small};
use crate::harness::{Failure, Job, Outcome, SOON, hex, pager, worker};
use crate::pf::touch;

pub(super) fn several_pages_in_one_call() -> Outcome {
    let [agent] = agents()?;
    for index in 0..4 {
        let source = touch::page(index, 0x10 + index);
        let target = PLACE + 0x1000 * index;
        give(agent, item(MAP, target, small(source, Rights::READ)))?;
    }
    agent.has(PLACE + 0x3000, 0x13)?;
    let utcb = utcb::my();
    let port = 0x60 << 16 | 2 << 4 | 7;
    let pages = touch::pages();
    let words = [
        small(pages, Rights::FULL).raw(),
        7,
        port,
        // 4 KiB at least.
        Fpage::new(pages + 0x1000, 10, Rights::FULL).raw(),
        Fpage::new(1 << 50, 20, Rights::FULL).raw(),
        small(pages + 0x3000, Rights::FULL).raw(),
    ];
    for (index, word) in words.iter().enumerate() {
        utcb.set_mr(index, *word);
    }
    utcb.set_mr(6, small(pages + 0x2000, Rights::FULL).raw());
    // SAFETY: this thread's UTCB; the own pages stay.
    unsafe { syscall::unmap(5, utcb.mr0()) };
    hex("a page that nobody used", utcb.mr(0), words[0] & !7)?;
    hex("nil", utcb.mr(1), 7)?;
    hex("ports", utcb.mr(2), port)?;
    hex("outside", utcb.mr(4) | 7, words[4])?;
    hex("a page that was read", utcb.mr(5) & 7, 5)?;
    hex("beyond the last", utcb.mr(6) & 7, 7)?;
    for (index, stays) in [false, false, true, false].into_iter().enumerate() {
        let place = PLACE + 0x1000 * index as u64;
        if stays {
            agent.has(place, 0x10 + index as u64)?;
        } else {
            agent.has_lost(place)?;
        }
    }
    Ok(())
}

/// A worker that receives one item in a window and then lends its space to agents.
#[track_caller]
fn receive_in(window: Fpage, item: [u64; 2]) -> Result<Agent, Failure> {
    let pager = pager::start()?;
    let receiver = Job::receive(ThreadId::ANY)
        .accepting(window.raw() & !0xF)
        .start(worker::away().pager(pager))?;
    worker::until_waiting(&[receiver.id])?;
    let sent = Job::send(receiver.id)
        .tag(Tag::new(1, 0, 2).raw())
        .registers(1, &item)
        .within(SOON, SOON)
        .now();
    sent.ok()?;
    receiver.result()?.ok()?;
    super::agent::start(worker::here().in_space_of(receiver.id).pager(pager))
}

pub(super) fn windows() -> Outcome {
    let pages = touch::pages();
    for index in 0..4 {
        touch::page(index, 0x20 + index);
    }
    // The window is smaller: the send base chooses from the page.
    let window = Fpage::new(PLACE, 12, Rights::NONE);
    let page = Fpage::new(pages, 14, Rights::READ);
    let agent = receive_in(window, item(MAP, 0x2000, page))?;
    agent.has(PLACE, 0x22)?;
    agent.has_lost(PLACE + 0x1000)?;
    // The window is larger: the send base chooses from the window.
    let window = Fpage::new(PLACE, 14, Rights::NONE);
    let agent = receive_in(window, item(MAP, 0x7000, small(pages, Rights::READ)))?;
    agent.has(PLACE + 0x3000, 0x20)?;
    agent.has_lost(PLACE)
}

pub(super) fn large_pages() -> Outcome {
    let Ok(large) = sigma0::request_any(21) else {
        return Err(Failure::new(format_args!("no 2 MiB from sigma0")));
    };
    let base = large.base();
    touch::write(base, 0x31);
    touch::write(base + 0x5000, 0x32);
    let [first, second] = agents()?;
    let whole = Fpage::new(base, 21, Rights::READ_WRITE);
    give(first, item(MAP, PLACE, whole))?;
    first.has(PLACE, 0x31)?;
    first.has(PLACE + 0x5000, 0x32)?;
    let part = |offset: u64| small(PLACE + offset, Rights::READ);
    first.give(second, item(MAP, PLACE, part(0)))?;
    first.give(second, item(MAP, PLACE + 0x1000, part(0x5000)))?;
    // Unmap of a part is about what derives from the part.
    let all = |offset: u64| part(offset).with_rights(Rights::FULL);
    first.unmap(all(0x4000))?;
    second.has(PLACE, 0x31)?;
    second.has(PLACE + 0x1000, 0x32)?;
    first.unmap(all(0x5000))?;
    second.has(PLACE, 0x31)?;
    second.has_lost(PLACE + 0x1000)?;
    first.has(PLACE + 0x5000, 0x32)?;
    // Flush of a part is about all of the page.
    first.flush(all(0x7000))?;
    second.has_lost(PLACE)?;
    first.has_lost(PLACE + 0x5000)
}
