//! What users are told of the archive: boot records.

use crate::archive::Member;
use crate::program::{Program, Segment};
use pecan_abi::bootinfo::{ELF64, Executable, HEADER_SIZE, Module, Region as Part, Writer};

/// Bytes of the largest record, without its command line.
const RECORD: usize = 0x80 + 8;

/// A program that was loaded, and its command line.
pub struct ProgramLine<'a> {
    /// The program.
    pub program: &'a Program<'a>,
    /// Its command line.
    pub line: &'a str,
}

/// How many bytes the records need at most.
#[must_use]
pub fn size(programs: &[ProgramLine<'_>], modules: &[Member<'_>]) -> usize {
    let programs = programs.iter().map(|loaded| RECORD + loaded.line.len() + 8);
    let modules = modules.iter().map(|module| RECORD + module.name.len() + 8);
    HEADER_SIZE + programs.sum::<usize>() + modules.sum::<usize>()
}

/// Writes the records: programs, then the other files, each with its physical address and its name as command line. Gives their size;
/// `None` if the buffer is too small.
pub fn write(
    buffer: &mut [u8],
    programs: &[ProgramLine<'_>],
    modules: &[(Member<'_>, u64)],
) -> Option<usize> {
    let mut writer = Writer::new(buffer)?;
    for loaded in programs {
        writer.executable(describe(loaded.program), loaded.line)?;
    }
    for (module, start) in modules {
        writer.module(
            Module {
                start: *start,
                size: module.data.len() as u64,
            },
            module.name,
        )?;
    }
    Some(writer.finish())
}

/// Code is the first executable segment, data and its zeros the first writable one.
fn describe(program: &Program<'_>) -> Executable {
    let part = |segment: &Segment<'_>, from: u64, size: u64| Part {
        physical: segment.physical.start + from,
        virt: segment.virt + from,
        size,
    };
    let text = program.segments.iter().find(|segment| segment.executable);
    let data = program.segments.iter().find(|segment| segment.writable);
    let in_file = |segment: &Segment<'_>| segment.content.len() as u64;
    Executable {
        text: text.map_or(Part::default(), |segment| {
            part(segment, 0, segment.physical.size())
        }),
        data: data.map_or(Part::default(), |segment| {
            part(segment, 0, in_file(segment))
        }),
        bss: data.map_or(Part::default(), |segment| {
            part(
                segment,
                in_file(segment),
                segment.physical.size() - in_file(segment),
            )
        }),
        ip: program.entry,
        flags: ELF64,
        label: 0,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{ProgramLine, size, write};
    use crate::archive::Member;
    use crate::program::{Program, Segment};
    use crate::regions::Region;
    use arrayvec::ArrayVec;
    use pecan_abi::bootinfo::{Reader, Record};
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn records_say_where_things_are() {
        let mut segments = ArrayVec::new();
        let code = [1u8; 100];
        let part = |start, size, content, writable, executable| Segment {
            physical: Region::sized(start, size),
            virt: start,
            content,
            writable,
            executable,
        };
        segments.push(part(0x1000, 0x200, &code[..], false, true));
        segments.push(part(0x2000, 0x300, &code[..50], true, false));
        let program = Program {
            entry: 0x1010,
            segments,
        };
        let programs = [ProgramLine {
            program: &program,
            line: "run all",
        }];
        let file = Member {
            name: "data",
            data: &code,
        };
        let mut buffer = vec![0; size(&programs, &[file])];
        let used = write(&mut buffer, &programs, &[(file, 0x7_0200)]).expect("it fits");
        let records: Vec<_> = Reader::new(&buffer[..used]).expect("a header").collect();
        let (Record::Executable(root), line) = records[0] else {
            panic!("not a program")
        };
        assert_eq!(
            (
                root.ip,
                root.text.size,
                root.data.size,
                root.bss.physical,
                root.bss.size
            ),
            (0x1010, 0x200, 50, 0x2032, 0x2ce)
        );
        assert_eq!(line, b"run all");
        let (Record::Module(module), line) = records[1] else {
            panic!("not a module")
        };
        assert_eq!(
            (module.start, module.size, line),
            (0x7_0200, 100, &b"data"[..])
        );
        assert_eq!(records.len(), 2);
        assert!(write(&mut buffer[..used - 1], &programs, &[(file, 0)]).is_none());
    }
}
