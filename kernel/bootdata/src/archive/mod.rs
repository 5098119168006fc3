//! The boot archive: what the boot loader brings beside the kernel.
//!
//! A tar file of plain files. The first one, `manifest`, has a line `<name> <size> <crc32 in hex>` for each of the others, in their order.
//! An archive is good when it holds exactly what its manifest says.

mod sound;

use arrayvec::ArrayVec;
use core::fmt::{self, Display, Formatter};
use tar_no_std::TarArchiveRef;

/// Most files behind the manifest.
pub const MEMBER_LIMIT: usize = 64;

/// Name of the list of all files.
pub const MANIFEST: &str = "manifest";

/// A file of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its content.
    pub data: &'a [u8],
}

/// The files of an archive in their order, without the manifest.
pub type Members<'a> = ArrayVec<Member<'a>, MEMBER_LIMIT>;

/// What is wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage<'a> {
    /// It is not an intact tar file of plain files.
    NotTar,
    /// The first file is not the manifest.
    NoManifest,
    /// This line of the manifest (from 1) makes no sense.
    ManifestLine(usize),
    /// The manifest names more files than are possible.
    TooMany,
    /// The archive ends before this file, which the manifest names.
    Missing(&'a str),
    /// The archive has another file where the manifest names this one.
    Other(&'a str),
    /// The file has another size than the manifest says.
    Size(&'a str),
    /// The file's content is not what the manifest says.
    Sum(&'a str),
    /// The archive has files that the manifest does not name.
    Unlisted,
}

impl Display for Damage<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTar => write!(to, "it is no intact tar archive of plain files"),
            Self::NoManifest => write!(to, "its first file is not \"{MANIFEST}\""),
            Self::ManifestLine(line) => write!(to, "line {line} of its manifest makes no sense"),
            Self::TooMany => write!(to, "its manifest names more than {MEMBER_LIMIT} files"),
            Self::Missing(name) => {
                write!(to, "it ends before \"{name}\", which its manifest names")
            }
            Self::Other(name) => write!(to, "another file is where its manifest names \"{name}\""),
            Self::Size(name) => write!(to, "\"{name}\" has another size than its manifest says"),
            Self::Sum(name) => write!(to, "\"{name}\" is damaged: its checksum is wrong"),
            Self::Unlisted => write!(to, "it has files that its manifest does not name"),
        }
    }
}

/// Checks an archive and lists its files.
///
/// # Errors
/// The first thing that is not as the manifest says.
pub fn open(bytes: &[u8]) -> Result<Members<'_>, Damage<'_>> {
    let count = sound::count_files(bytes).ok_or(Damage::NotTar)?;
    let archive = TarArchiveRef::new(bytes).map_err(|_| Damage::NotTar)?;
    let mut files = archive.entries().take(count);
    let manifest = files
        .next()
        .filter(|file| file.filename().as_str() == Ok(MANIFEST))
        .ok_or(Damage::NoManifest)?;
    let manifest = manifest
        .data_as_str()
        .map_err(|_| Damage::ManifestLine(1))?;
    let mut members = Members::new();
    for (number, line) in manifest.lines().enumerate() {
        let (name, size, sum) = read_line(line).ok_or(Damage::ManifestLine(number + 1))?;
        let file = files.next().ok_or(Damage::Missing(name))?;
        if file.filename().as_str() != Ok(name) {
            return Err(Damage::Other(name));
        }
        if file.size() != size {
            return Err(Damage::Size(name));
        }
        if crc32fast::hash(file.data()) != sum {
            return Err(Damage::Sum(name));
        }
        members
            .try_push(Member {
                name,
                data: file.data(),
            })
            .map_err(|_| Damage::TooMany)?;
    }
    if files.next().is_some() {
        Err(Damage::Unlisted)
    } else {
        Ok(members)
    }
}

fn read_line(line: &str) -> Option<(&str, usize, u32)> {
    let mut words = line.split(' ');
    let name = words.next().filter(|name| !name.is_empty())?;
    let size = words.next()?.parse().ok()?;
    let sum = words.next().filter(|sum| sum.len() == 8)?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    words.next().is_none().then_some((name, size, sum))
}

#[cfg(test)]
mod tests;
