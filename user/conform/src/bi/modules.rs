//! The files of the boot image beside the two programs. Who boots without any has nothing to check; the boot test
//! `modules` gives some, and counts the lines.

use l4::abi::kip::{BOOT_MODULE, MemoryType};
use l4::abi::protocol::{PAGE_FAULT, SIGMA0_RPC};
use l4::boot::{Module, modules};
use l4::{Acceptor, Fpage, Rights, Tag, kip, println};

use crate::harness::job::Done;
use crate::harness::{Failure, Job, Outcome, SOON, check, equal, hex, worker};

/// How the names of files begin whose content is known.
const PATTERN: &str = "pattern-";

fn is_apart(one: &Module, other: &Module) -> bool {
    one.start + one.size <= other.start || other.start + other.size <= one.start
}

/// Each lies where a descriptor says so, apart from the others.
pub(super) fn places() -> Outcome {
    for (index, module) in modules().enumerate() {
        check("it has a name", !module.command_line.is_empty())?;
        for other in modules().take(index) {
            check("apart", is_apart(&module, &other))?;
            check("another name", module.command_line != other.command_line)?;
        }
        if module.size > 0 {
            let kind = kip::memory_kind(module.start, module.start + module.size - 1);
            equal("kind", kind, Some((MemoryType::BOOT, BOOT_MODULE)))?;
        }
    }
    Ok(())
}

fn call(label: u64, words: [u64; 2]) -> Job {
    Job::call(kip::sigma0())
        .tag(Tag::new(label, 2, 0).raw())
        .registers(1, &words)
        .accepting(Acceptor::COMPLETE_WINDOW.raw())
        .within(SOON, SOON)
}

#[track_caller]
fn gives(done: &Done, page: Fpage) -> Outcome {
    done.ok()?;
    hex("what sigma0 gives", done.mr[2], page.raw())
}

/// sigma0 gives their pages to who asks, once, and to nobody who only runs into them. Pages may have two files.
pub(super) fn contents() -> Outcome {
    for module in modules() {
        let end = module.start + module.size;
        for page in (module.start & !0xFFF..end).step_by(4096) {
            let whole = Fpage::new(page, 12, Rights::FULL);
            let shares = |other: &Module| {
                other.size > 0 && other.start < page + 4096 && page < other.start + other.size
            };
            if modules().find(shares).map(|first| first.start) == Some(module.start) {
                gives(&call(PAGE_FAULT | 4, [page, 0]).now(), Fpage::NIL)?;
            }
            gives(&call(SIGMA0_RPC, [whole.raw() & !7, 0]).now(), whole)?;
        }
        if module.size > 0 {
            let words = [Fpage::new(module.start & !0xFFF, 12, Rights::NONE).raw(), 0];
            let other = call(SIGMA0_RPC, words).start(worker::away())?;
            gives(&other.result()?, Fpage::NIL)?;
        }
        holds_what_it_should(&module)?;
        println!(
            "[bi] module {} of {} bytes",
            module.command_line, module.size
        );
    }
    Ok(())
}

/// A file `pattern-N` has N bytes; each follows from its place and N.
fn holds_what_it_should(module: &Module) -> Outcome {
    let Some(size) = module.command_line.strip_prefix(PATTERN) else {
        return Ok(());
    };
    equal("size", size.parse(), Ok(module.size))?;
    for index in 0..module.size {
        // SAFETY: sigma0 gave the page, for good.
        let byte = unsafe { ((module.start + index) as *const u8).read_volatile() };
        let expected = (index * 7 + module.size) as u8;
        if byte != expected {
            return Err(Failure::new(format_args!(
                "byte {index} of {size} is {byte:#x}, not {expected:#x}"
            )));
        }
    }
    Ok(())
}
