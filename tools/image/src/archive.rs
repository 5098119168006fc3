//! Collecting members and writing the archive.

use crate::PackError;

/// Name of the first member, the list of all others.
pub const MANIFEST: &str = "manifest";
/// Name of the member that becomes sigma0, the first pager.
pub const SIGMA0: &str = "sigma0";
/// Name of the member that becomes the root task.
pub const ROOT: &str = "root";

/// Longest member name in bytes; a ustar header has 100 and the last one ends the string.
const NAME_MAX: usize = 99;

/// A boot image that is being put together.
///
/// Nothing forces an image to be complete: the boot tests pack images that the kernel must refuse.
#[derive(Clone, Debug, Default)]
pub struct Image {
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    name: String,
    content: Vec<u8>,
}

impl Image {
    /// An image without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// The usual image: the two programs that the kernel starts.
    pub fn of(sigma0: Vec<u8>, root: Vec<u8>) -> Result<Self, PackError> {
        let mut image = Self::new();
        image.add(SIGMA0, sigma0)?;
        image.add(ROOT, root)?;
        Ok(image)
    }

    /// Adds a member behind those that are there.
    ///
    /// # Errors
    /// A name that the manifest or the archive cannot carry or that is taken, and empty content.
    pub fn add(&mut self, name: &str, content: Vec<u8>) -> Result<(), PackError> {
        let printable = name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/');
        if name.is_empty() || name.len() > NAME_MAX || !printable {
            return Err(PackError::Name(name.to_owned()));
        }
        if name == MANIFEST || self.members.iter().any(|member| member.name == name) {
            return Err(PackError::Duplicate(name.to_owned()));
        }
        if content.is_empty() {
            return Err(PackError::Empty(name.to_owned()));
        }
        self.members.push(Member {
            name: name.to_owned(),
            content,
        });
        Ok(())
    }

    /// The text of the manifest: a line for each member.
    pub fn manifest(&self) -> String {
        let line = |member: &Member| {
            let sum = crc32fast::hash(&member.content);
            format!("{} {} {sum:08x}\n", member.name, member.content.len())
        };
        self.members.iter().map(line).collect()
    }

    /// The whole archive. The same members give the same bytes.
    ///
    /// # Errors
    /// [`PackError::Archive`] when the archive writer refuses a member.
    pub fn pack(&self) -> Result<Vec<u8>, PackError> {
        let mut archive = tar::Builder::new(Vec::new());
        append(&mut archive, MANIFEST, self.manifest().as_bytes())?;
        for member in &self.members {
            append(&mut archive, &member.name, &member.content)?;
        }
        archive.into_inner().map_err(PackError::Archive)
    }
}

fn append(
    archive: &mut tar::Builder<Vec<u8>>,
    name: &str,
    content: &[u8],
) -> Result<(), PackError> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).map_err(PackError::Archive)?;
    header.set_size(content.len() as u64);
    header.set_mode(0o444);
    header.set_mtime(0);
    header.set_cksum();
    archive.append(&header, content).map_err(PackError::Archive)
}
