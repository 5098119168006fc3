//! MemoryControl. How a page is cached cannot be seen from what it holds, so the kernel is asked.

use l4::{
    Caching, Fpage, GrantItem, MapItem, Rights, Tag, ThreadId, control, kip, memory, sigma0, thread,
};

use crate::harness::raw::{DONE, Verdict, memory_control, refused};
use crate::harness::{Failure, Job, Outcome, SOON, Test, equal, hex, worker};
use crate::pf::touch;

pub(crate) const TESTS: &[Test] = &[
    Test::new("MC0001", needs_privilege),
    Test::new("MC0002", unknown_attributes),
    Test::new("MC0003", bad_pages),
    Test::new("MC0004", all_attributes),
    Test::new("MC0005", choice_of_four),
    Test::new("MC0006", refusal_changes_nothing),
    Test::new("MC0007", later_mappings),
    Test::new("MC0008", grants),
    Test::new("MC0009", large_pages),
    Test::new("MC0010", from_sigma0),
    Test::new("MC0011", library),
];

/// What no attribute is.
const UNKNOWN: [u64; 6] = [3, 4, 8, 1 << 32 | 1, u64::MAX, 1 << 63];

fn page(address: u64) -> u64 {
    Fpage::new(address, 12, Rights::NONE).raw()
}

fn set(address: u64, attribute: u64) -> Verdict {
    memory_control(&[page(address)], [attribute, 99, 99, 99])
}

#[track_caller]
fn cached(thread: ThreadId, address: u64, as_what: Caching) -> Outcome {
    let found = control::caching(thread, address);
    equal("caching", found, Some(as_what))
}

#[track_caller]
fn mine(address: u64, as_what: Caching) -> Outcome {
    cached(thread::myself(), address, as_what)
}

/// Privilege is checked first.
fn needs_privilege() -> Outcome {
    let call = |attribute| memory_control(&[0], [attribute; 4]).pack();
    for attribute in [1, 99] {
        let got = worker::perform(worker::away(), call, attribute)?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    Ok(())
}

fn unknown_attributes() -> Outcome {
    let address = touch::page(0, 1);
    for attribute in UNKNOWN {
        equal("verdict", set(address, attribute), refused(5))?;
        mine(address, Caching::WriteBack)?;
    }
    Ok(())
}

/// Too small, nowhere, the kernel's, or not all mapped.
fn bad_pages() -> Outcome {
    let address = touch::page(0, 1);
    touch::page(1, 1);
    let nowhere = crate::harness::pager::WINDOW;
    for page in [
        Fpage::NIL,
        Fpage::COMPLETE,
        Fpage::new(address, 11, Rights::NONE),
        Fpage::new(nowhere, 12, Rights::NONE),
        Fpage::new(nowhere, 21, Rights::NONE),
        Fpage::new(0xFFFF_8000_0000_0000, 12, Rights::NONE),
        Fpage::new(0x8000_0000_0000, 12, Rights::NONE),
        Fpage::new(0, 47, Rights::NONE),
        l4::abi::layout::KIP_AREA_FPAGE,
        l4::abi::layout::UTCB_AREA_FPAGE,
    ] {
        let verdict = memory_control(&[page.raw() & !3], [1; 4]);
        if verdict != refused(5) {
            let raw = page.raw();
            return Err(Failure::new(format_args!("{raw:#x}: {verdict:?}")));
        }
    }
    mine(address, Caching::WriteBack)
}

/// Whatever the caching, memory holds what is written; 0 is the default.
fn all_attributes() -> Outcome {
    let address = touch::page(0, 0x1234);
    for (attribute, caching) in [
        (1, Caching::Uncacheable),
        (2, Caching::WriteCombining),
        (5, Caching::WriteThrough),
        (6, Caching::WriteProtected),
        (7, Caching::WriteBack),
        (1, Caching::Uncacheable),
        (0, Caching::WriteBack),
    ] {
        equal("verdict", set(address, attribute), DONE)?;
        mine(address, caching)?;
        hex("content", touch::read(address), 0x1234)?;
        touch::write(address, 0x99);
        hex("content", touch::read(address), 0x99)?;
        touch::write(address, 0x1234);
        mine(address + 4096, Caching::WriteBack)?;
    }
    Ok(())
}

/// Bits 0 and 1 of each fpage choose the attribute; up to 64 fpages.
fn choice_of_four() -> Outcome {
    let pages = touch::pages();
    let ways = [
        Caching::Uncacheable,
        Caching::WriteCombining,
        Caching::WriteThrough,
        Caching::WriteProtected,
    ];
    let mut words = [0; 64];
    for (index, word) in words.iter_mut().enumerate() {
        let address = touch::page(index as u64 % 16, index as u64);
        *word = page(address) | (index as u64 % 4);
    }
    let attributes = ways.map(Caching::attribute);
    equal("verdict", memory_control(&words, attributes), DONE)?;
    for index in 0..16 {
        mine(pages + 4096 * index, ways[index as usize % 4])?;
        hex("content", touch::read(pages + 4096 * index), 48 + index)?;
    }
    let all = Fpage::new(pages, 16, Rights::NONE).raw();
    equal("all 16", memory_control(&[all], [7, 0, 0, 0]), DONE)?;
    for index in 0..16 {
        mine(pages + 4096 * index, Caching::WriteBack)?;
    }
    Ok(())
}

/// One bad fpage, and none is changed.
fn refusal_changes_nothing() -> Outcome {
    let (first, second) = (touch::page(0, 1), touch::page(1, 1));
    let nowhere = page(crate::harness::pager::WINDOW);
    for words in [
        [page(first), page(second), nowhere],
        [page(first), page(second) | 1, page(first)],
    ] {
        let verdict = memory_control(&words, [1, 3, 1, 1]);
        equal("verdict", verdict, refused(5))?;
        mine(first, Caching::WriteBack)?;
        mine(second, Caching::WriteBack)?;
    }
    Ok(())
}

const WINDOW: u64 = 0x5000_0000;

/// A thread of another space that has got what `item` says at [`WINDOW`].
#[track_caller]
fn with_item(item: &[u64; 2]) -> Result<ThreadId, Failure> {
    let window = Fpage::new(WINDOW, 16, Rights::NONE).raw();
    let receiver = Job::receive(thread::myself()).accepting(window);
    let receiver = receiver.start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let job = Job::send(receiver.id).tag(Tag::new(1, 0, 2).raw());
    job.registers(1, item).within(SOON, SOON).now().ok()?;
    receiver.result()?.ok()?;
    Ok(receiver.id)
}

/// What is mapped from a page is cached as the page is then.
fn later_mappings() -> Outcome {
    let address = touch::page(0, 0x77);
    let fpage = Fpage::new(address, 12, Rights::READ);
    let item = MapItem {
        send_base: 0,
        fpage,
    }
    .words();
    let early = with_item(&item)?;
    equal("verdict", set(address, 6), DONE)?;
    let late = with_item(&item)?;
    cached(early, WINDOW, Caching::WriteBack)?;
    cached(late, WINDOW, Caching::WriteProtected)?;
    equal("verdict", set(address, 0), DONE)?;
    cached(late, WINDOW, Caching::WriteProtected)?;
    mine(address, Caching::WriteBack)
}

/// A page that moves stays as it is cached.
fn grants() -> Outcome {
    let Ok(given) = sigma0::request_any(12) else {
        return Err(Failure::new(format_args!("no page from sigma0")));
    };
    touch::write(given.base(), 5);
    equal("verdict", set(given.base(), 2), DONE)?;
    let item = GrantItem {
        send_base: 0,
        fpage: given.with_rights(Rights::FULL),
    };
    let owner = with_item(&item.words())?;
    cached(owner, WINDOW, Caching::WriteCombining)?;
    equal(
        "gone",
        control::caching(thread::myself(), given.base()),
        None,
    )
}

/// A large page is changed as a whole or not at all.
fn large_pages() -> Outcome {
    let Ok(large) = sigma0::request_any(21) else {
        return Err(Failure::new(format_args!("no 2 MiB from sigma0")));
    };
    let base = large.base();
    touch::write(base + 0x5000, 0x31);
    let part = memory_control(&[page(base + 0x5000)], [1; 4]);
    equal("a part", part, refused(5))?;
    mine(base, Caching::WriteBack)?;
    for (attribute, caching) in [(6, Caching::WriteProtected), (1, Caching::Uncacheable)] {
        let whole = Fpage::new(base, 21, Rights::NONE).raw();
        equal("the whole", memory_control(&[whole], [attribute; 4]), DONE)?;
        mine(base, caching)?;
        mine(base + 0x1F_F000, caching)?;
        hex("content", touch::read(base + 0x5000), 0x31)?;
    }
    let whole = Fpage::new(base, 21, Rights::NONE).raw();
    equal("as before", memory_control(&[whole], [0; 4]), DONE)?;
    mine(base, Caching::WriteBack)
}

/// sigma0 gives memory with the caching that was asked for, and nothing with one that there is not.
fn from_sigma0() -> Outcome {
    for log2 in [12, 16, 21] {
        for caching in [Caching::WriteCombining, Caching::WriteProtected] {
            let given = sigma0::request_any_cached(log2, caching);
            let Ok(given) = given else {
                return Err(Failure::new(format_args!("{log2}: {given:?}")));
            };
            mine(given.base(), caching)?;
            cached(kip::sigma0(), given.base(), caching)?;
            touch::write(given.base(), 0x42);
            hex("content", touch::read(given.base()), 0x42)?;
        }
    }
    Ok(())
}

fn library() -> Outcome {
    let page = Fpage::new(touch::page(0, 1), 12, Rights::FULL);
    for caching in Caching::ALL {
        // SAFETY: tests take turns with the page.
        let done = unsafe { memory::set_caching(page, caching) };
        equal("result", done, Ok(()))?;
        mine(page.base(), caching)?;
    }
    let nowhere = Fpage::new(crate::harness::pager::WINDOW, 12, Rights::NONE);
    // SAFETY: nothing is there.
    let refused = unsafe { memory::set_caching(nowhere, Caching::WriteBack) };
    equal("nowhere", refused, Err(l4::SysError::InvalidParameter))
}
