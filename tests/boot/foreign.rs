//! BOOT03xx: executables that were not built here, loaded at their own addresses.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_image::Image;
use pecan_vm::{End, Exit, Machine, Story, payload};
use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

/// An address that none of our programs uses.
const PLACE: u64 = 0x234_5000;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let (first, second) = (built.clone(), built.clone());
    let (old, new) = (built.clone(), built.clone());
    vec![
        Trial::test("foreign::BOOT0301", move || {
            let sigma0 = fs::read(first.program("sigma0")?)?;
            speaks(&first, Image::of(sigma0, speaker(b"foreign\n"))?, "foreign")
        }),
        Trial::test("foreign::BOOT0302", move || {
            let root = fs::read(second.program("root")?)?;
            speaks(&second, Image::of(speaker(b"first\n\0\0"), root)?, "first")
        }),
        Trial::test("foreign::BOOT0303", move || finds_pistachio(&old)),
        Trial::test("foreign::BOOT0304", move || finds_none(&new)),
        Trial::test("foreign::BOOT0305", {
            let built = built.clone();
            move || talks(&built, &Machine::new(1))
        }),
        Trial::test("foreign::BOOT0306", {
            let built = built.clone();
            move || talks(&built, &Machine::new(2))
        }),
    ]
}

/// All operations of old programs, also those that read what is typed and those whose memory comes by fault.
fn talks(built: &Built, machine: &Machine) -> Result<(), Failed> {
    let image = payload::pack(&built.program("sigma0")?, &built.foreign("old")?, &[])?;
    let payload = built.payload(Some(&image), "compat=pistachio")?;
    let story = Story::talk(&built.qemu, machine, &payload, |line| match line {
        "[old] type a" => Some(b"a"),
        "[old] type bc" => Some(b"bc"),
        _ => None,
    })?;
    let long = format!("{}[old] long", ".".repeat(3000));
    let said = [
        "[old] here",
        "[old] one by one",
        "[old] characters",
        "[old] registers",
        "[old] flags and ports",
        "[old] a text on two pages",
        "[old] code on two pages",
        &long,
        "[old] type a",
        "[old] type bc",
        "[old] typed",
    ];
    let lines = story.lines.iter().map(String::as_str);
    let old: Vec<&str> = lines.filter(|line| line.contains("[old]")).collect();
    match story.end {
        End::Exit(Exit::Success) if old == said => Ok(()),
        _ => Err(fail("not all operations are as they were", &story)),
    }
}

/// With `compat=pistachio` the breakpoint instruction is a console, and ports are the program's.
fn finds_pistachio(built: &Built) -> Result<(), Failed> {
    let sigma0 = fs::read(built.program("sigma0")?)?;
    let image = Image::of(sigma0, old_program())?.pack()?;
    let story = built.boot(&Machine::new(1), Some(&image), "compat=pistachio")?;
    let has = |text: &str| story.lines.iter().any(|line| line.contains(text));
    let all = ["pistachio!", "[debugger] one", "[debugger] two"];
    match story.end {
        End::Exit(Exit::Success) if all.into_iter().all(has) => Ok(()),
        _ => Err(fail("not all operations are there", &story)),
    }
}

/// Without it the instruction is an exception like any other.
fn finds_none(built: &Built) -> Result<(), Failed> {
    let sigma0 = fs::read(built.program("sigma0")?)?;
    let image = Image::of(sigma0, old_program())?.pack()?;
    let payload = built.payload(Some(&image), "log=debug")?;
    let story = Story::listen(&built.qemu, &Machine::new(1), &payload, |line| {
        if line.contains("stopped: exception 3") {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    let silent = !story.lines.iter().any(|line| line.contains("istachio"));
    match story.end {
        End::Enough if silent => Ok(()),
        _ => Err(fail("the program went on", &story)),
    }
}

/// An executable that uses each operation behind INT3 that answers at once, and a port, and then ends the machine.
fn old_program() -> Vec<u8> {
    const TEXTS: usize = 0x800;
    let text = |offset: usize| (PLACE as usize + TEXTS + offset) as u32;
    let mut code = stack_and_page();
    code.extend([0xb0, b'p', 0xcc, 0x3c, 0x00]); // mov al, 'p'; print a character
    code.push(0xb8); // mov eax, text
    code.extend(text(0).to_le_bytes());
    code.extend([0xcc, 0x3c, 0x01]); // print a string
    code.extend([0xb0, b'!', 0xcc, 0x90, 0x3c, 0x00]); // with the prefix
    code.extend([0xb0, b'\n', 0xcc, 0x3c, 0x00]);
    code.extend([0xcc, 0xeb, 0x07, 0x48, 0xc7, 0xc0]); // the debugger with a message
    code.extend(text(16).to_le_bytes());
    code.extend([0xcc, 0x90, 0xeb, 0x09, 0xb8]); // the older form of that, prefixed
    code.extend(u64::from(text(24)).to_le_bytes());
    code.extend([0xcc, 0x3c, 0x02, 0xcc, 0x3c, 0x03]); // operations without effect
    code.extend([0xcc, 0x3c, 0x08]); // a character, without waiting: there is none
    code.extend([0x48, 0x83, 0xf8, 0xff, 0x74, 0x01, 0xf4]); // cmp rax, -1; je over; hlt
    code.extend([0xe6, 0x80]); // out 0x80, al
    code.extend(end_with_success());
    code.resize(TEXTS, 0);
    code.extend(b"istachio\0\0\0\0\0\0\0\0one\0\0\0\0\0two\0\0\0\0\0");
    executable(&code)
}

/// Its stack, and the address of the control call in RBX.
fn stack_and_page() -> Vec<u8> {
    let mut code = vec![0x48, 0xc7, 0xc4]; // mov rsp, end of the page
    code.extend((PLACE as u32 + 0x1000).to_le_bytes());
    code.extend([0xf0, 0x90]); // lock nop
    code.extend([0x48, 0x8b, 0x98, 0x20, 0x02, 0, 0]); // mov rbx, [rax + 0x220]
    code
}

/// Ends the machine by the control call.
fn end_with_success() -> Vec<u8> {
    let mut code = vec![0xbf, 3, 0, 0, 0]; // mov edi, EXIT
    code.extend([0xbe, 0x10, 0, 0, 0]); // mov esi, SUCCESS
    code.extend([0xff, 0xd3, 0xeb, 0xfe]); // call rbx; and never come back
    code
}

fn speaks(built: &Built, image: Image, word: &str) -> Result<(), Failed> {
    let story = built.boot(&Machine::new(2), Some(&image.pack()?), "")?;
    let spoke = story.lines.iter().any(|line| line.contains(word));
    match story.end {
        End::Exit(Exit::Success) if spoke => Ok(()),
        _ => Err(fail("the program did not run at its address", &story)),
    }
}

/// A program that writes eight bytes to the console and ends the machine with success.
///
/// It finds the kernel interface page with LOCK NOP, and there, at 0x220, the address of the control call.
fn speaker(text: &[u8; 8]) -> Vec<u8> {
    let mut code = stack_and_page();
    code.extend([0x48, 0xba]); // mov rdx, text
    code.extend(text);
    code.extend([0xbf, 1, 0, 0, 0]); // mov edi, CONSOLE_WRITE
    code.extend([0xbe, 8, 0, 0, 0]); // mov esi, 8
    code.extend([0x53, 0xff, 0xd3, 0x5b]); // push rbx; call rbx; pop rbx
    code.extend(end_with_success());
    executable(&code)
}

/// An ELF64 executable of one page with this code.
fn executable(code: &[u8]) -> Vec<u8> {
    let size = code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut put = |fields: &[(u64, usize)]| {
        for (value, width) in fields {
            file.extend(&value.to_le_bytes()[..*width]);
        }
    };
    // Executable, x86-64, version, entry, program headers, no sections, flags, sizes and counts.
    put(&[(2, 2), (62, 2), (1, 4), (PLACE, 8), (64, 8), (0, 8), (0, 4)]);
    put(&[(64, 2), (56, 2), (1, 2), (64, 2), (0, 2), (0, 2)]);
    // Loadable, all rights, offset, both addresses, both sizes, alignment.
    put(&[
        (1, 4),
        (7, 4),
        (0x1000, 8),
        (PLACE, 8),
        (PLACE, 8),
        (size, 8),
        (0x1000, 8),
        (0x1000, 8),
    ]);
    file.resize(0x1000, 0);
    file.extend(code);
    file
}
