//! The file system that Linux starts with: one program.

use anyhow::{Context, Result};
use cpio::newc::{Builder, trailer};

/// A regular file that everybody may run.
const EXECUTABLE: u32 = 0o100_755;

/// Packs `program` as `/init`.
///
/// # Errors
/// When it is too large for the format.
pub(crate) fn pack(program: &[u8]) -> Result<Vec<u8>> {
    let size = u32::try_from(program.len()).context("the program has 4 GiB or more")?;
    let mut file = Builder::new("init")
        .mode(EXECUTABLE)
        .write(Vec::new(), size);
    std::io::Write::write_all(&mut file, program).context("the program cannot be packed")?;
    let archive = file.finish().context("the program cannot be packed")?;
    trailer(archive).context("the archive cannot be ended")
}

#[cfg(test)]
mod tests {
    use super::{EXECUTABLE, pack};
    use cpio::newc::Reader;
    use std::io::Read;

    #[test]
    fn the_program_is_in_it() {
        let archive = pack(b"\x7fELF program").expect("an archive");
        let mut reader = Reader::new(archive.as_slice()).expect("a member");
        assert_eq!(
            (reader.entry().name(), reader.entry().mode()),
            ("init", EXECUTABLE)
        );
        let mut content = Vec::new();
        reader.read_to_end(&mut content).expect("its content");
        assert_eq!(content, b"\x7fELF program");
        let rest = reader.finish().expect("what follows");
        assert!(Reader::new(rest).expect("the end").entry().is_trailer());
    }
}
