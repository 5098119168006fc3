//! BOOT03xx: executables that were not built here, loaded at their own addresses.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_image::Image;
use pecan_vm::{End, Exit, Machine};
use std::fs;
use std::sync::Arc;

/// An address that none of our programs uses.
const PLACE: u64 = 0x234_5000;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let (first, second) = (built.clone(), built.clone());
    vec![
        Trial::test("foreign::BOOT0301", move || {
            let sigma0 = fs::read(first.program("sigma0")?)?;
            speaks(
                &first,
                Image::of(sigma0, executable(b"foreign\n"))?,
                "foreign",
            )
        }),
        Trial::test("foreign::BOOT0302", move || {
            let root = fs::read(second.program("root")?)?;
            speaks(
                &second,
                Image::of(executable(b"first\n\0\0"), root)?,
                "first",
            )
        }),
    ]
}

fn speaks(built: &Built, image: Image, word: &str) -> Result<(), Failed> {
    let story = built.boot(&Machine::new(2), Some(&image.pack()?), "")?;
    let spoke = story.lines.iter().any(|line| line.contains(word));
    match story.end {
        End::Exit(Exit::Success) if spoke => Ok(()),
        _ => Err(fail("the program did not run at its address", &story)),
    }
}

/// An ELF64 executable of one page that writes eight bytes to the console and ends the machine with success.
///
/// It finds the kernel interface page with LOCK NOP, and there, at 0x220, the address of the control call.
fn executable(text: &[u8; 8]) -> Vec<u8> {
    let mut code = Vec::new();
    code.extend([0x48, 0xc7, 0xc4]); // mov rsp, end of the page
    code.extend((PLACE as u32 + 0x1000).to_le_bytes());
    code.extend([0xf0, 0x90]); // lock nop
    code.extend([0x48, 0x8b, 0x98, 0x20, 0x02, 0, 0]); // mov rbx, [rax + 0x220]
    code.extend([0x48, 0xba]); // mov rdx, text
    code.extend(text);
    code.extend([0xbf, 1, 0, 0, 0]); // mov edi, CONSOLE_WRITE
    code.extend([0xbe, 8, 0, 0, 0]); // mov esi, 8
    code.extend([0x53, 0xff, 0xd3, 0x5b]); // push rbx; call rbx; pop rbx
    code.extend([0xbf, 3, 0, 0, 0]); // mov edi, EXIT
    code.extend([0xbe, 0x10, 0, 0, 0]); // mov esi, SUCCESS
    code.extend([0xff, 0xd3, 0xeb, 0xfe]); // call rbx; and never come back

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
