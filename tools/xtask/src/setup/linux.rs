//! The distribution's own Linux kernel: fetched by apt, unpacked below the target folder, never installed.

use super::action::{Action, is_root};
use anyhow::{Context, Result, anyhow, bail, ensure};
use pecan_perf::peers::Kernel;
use pecan_vm::Workspace;
use std::fs;
use std::io::{Read, copy, sink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Packages that depend on the newest kernel for virtual machines: Debian's and Ubuntu's.
const NEWEST: [&str; 2] = ["linux-image-cloud-amd64", "linux-image-virtual"];
const UPDATE: &str = "apt-get update";
/// The kernel's name in its folder.
const IMAGE: &str = "vmlinuz";

/// The kernel that was fetched before, or a fresh one.
pub(super) fn kernel(workspace: &Workspace) -> Result<Kernel> {
    let folder = workspace.target().join("peers");
    match fetched(&folder) {
        Some(kernel) => Ok(kernel),
        None => fetch(&folder),
    }
}

/// The kernel with the last name among those in `folder`.
fn fetched(folder: &Path) -> Option<Kernel> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut kernels: Vec<Kernel> = entries
        .filter_map(|entry| {
            let image = entry.path().join(IMAGE);
            let (package, version) = names(entry.file_name().to_str()?)?;
            image.is_file().then_some(Kernel {
                image,
                package,
                version,
            })
        })
        .collect();
    kernels.sort_by(|a, b| a.image.cmp(&b.image));
    kernels.pop()
}

fn fetch(folder: &Path) -> Result<Kernel> {
    for program in ["/usr/bin/apt-get", "/usr/bin/dpkg-deb"] {
        ensure!(
            Path::new(program).exists(),
            "the Linux kernel to compare with is a Debian package, and {program} is not there"
        );
    }
    let work = folder.join("work");
    fs::create_dir_all(&work).with_context(|| format!("{} cannot be made", work.display()))?;
    let package = download(&work)
        .or_else(|error| {
            if !is_root() {
                return Err(error);
            }
            eprintln!("setup: {error:#}");
            Action::run(UPDATE).carry_out()?;
            download(&work)
        })
        .with_context(|| {
            format!("apt gives no Linux kernel; lists of packages that are missing or old are renewed by `sudo {UPDATE}`")
        })?;
    let stem = package
        .file_stem()
        .context("a package has a name")?
        .to_owned();
    // Whole or not at all: the image gets its place when it is complete.
    let image = work.join(IMAGE);
    unpack(&package, &image)?;
    let place = folder.join(stem);
    fs::create_dir_all(&place).with_context(|| format!("{} cannot be made", place.display()))?;
    fs::rename(&image, place.join(IMAGE)).context("the kernel cannot be put into its place")?;
    fs::remove_dir_all(&work).with_context(|| format!("{} cannot be removed", work.display()))?;
    fetched(folder).context("the kernel was unpacked but is not there")
}

/// Fetches the package of the newest kernel into `folder`, which it has for itself.
fn download(folder: &Path) -> Result<PathBuf> {
    let package = newest()?;
    eprintln!("setup: apt-get download {package}");
    output(
        Command::new("apt-get")
            .args(["download", &package])
            .current_dir(folder),
    )?;
    let is_package = |path: &PathBuf| path.extension().is_some_and(|end| end == "deb");
    fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(is_package)
        .with_context(|| format!("apt-get download {package} left no package"))
}

/// The package that one of [`NEWEST`] stands for.
fn newest() -> Result<String> {
    NEWEST
        .into_iter()
        .find_map(|name| {
            let depends = output(Command::new("apt-cache").args(["depends", name])).ok()?;
            dependency(&String::from_utf8_lossy(&depends))
        })
        .with_context(|| format!("apt knows none of the packages {}", NEWEST.join(", ")))
}

/// The first kernel in what `apt-cache depends` prints.
fn dependency(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let name = line
            .trim_start_matches([' ', '|'])
            .strip_prefix("Depends: ")?;
        name.starts_with("linux-image-").then(|| name.to_owned())
    })
}

/// Package and version out of a package file's name without its end.
fn names(stem: &str) -> Option<(String, String)> {
    let mut parts = stem.split('_');
    let (package, version) = (parts.next()?, parts.next()?);
    // A colon cannot stand in such a name.
    Some((package.to_owned(), version.replace("%3a", ":")))
}

/// Writes the kernel of a package into a file.
fn unpack(package: &Path, image: &Path) -> Result<()> {
    let mut child = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("dpkg-deb cannot be started")?;
    let mut archive = child.stdout.take().context("dpkg-deb has no output")?;
    let found = copy_image(&mut archive, image);
    // Nobody needs what follows the image, but dpkg-deb complains if nobody takes it.
    copy(&mut archive, &mut sink()).context("dpkg-deb cannot be read")?;
    let status = child.wait().context("dpkg-deb cannot be waited for")?;
    ensure!(status.success(), "{} is damaged", package.display());
    found.with_context(|| format!("{} has no kernel for us", package.display()))
}

/// Copies `boot/vmlinuz-...` out of an archive.
fn copy_image(archive: impl Read, image: &Path) -> Result<()> {
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if path.trim_start_matches("./").starts_with("boot/vmlinuz-") {
            let mut file = fs::File::create(image)
                .with_context(|| format!("{} cannot be written", image.display()))?;
            copy(&mut entry, &mut file).context("the package is damaged")?;
            return Ok(());
        }
    }
    bail!("there is no boot/vmlinuz-... in it")
}

/// What a command prints, in the language that the parsers know.
fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .env("LC_ALL", "C")
        .output()
        .with_context(|| format!("{command:?} cannot be started"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(anyhow!("{command:?} failed: {}", errors.trim()));
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::{copy_image, dependency, fetched, names};
    use std::fs;

    #[test]
    fn the_newest_kernel_is_found() {
        let debian = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n";
        assert_eq!(
            dependency(debian).as_deref(),
            Some("linux-image-6.1.0-56-cloud-amd64")
        );
        let choice = "x\n  Depends: kmod\n |Depends: linux-image-6.8.0-1-generic\n  Depends: linux-image-unsigned\n";
        assert_eq!(
            dependency(choice).as_deref(),
            Some("linux-image-6.8.0-1-generic")
        );
        assert_eq!(dependency("x\n  Depends: kmod\n"), None);
    }

    #[test]
    fn names_tell_the_version() {
        assert_eq!(
            names("linux-image-6.1.0-56-cloud-amd64_6.1.192-2_amd64"),
            Some((
                "linux-image-6.1.0-56-cloud-amd64".into(),
                "6.1.192-2".into()
            ))
        );
        assert_eq!(names("a_1%3a2_amd64"), Some(("a".into(), "1:2".into())));
        assert_eq!(names("work"), None);
    }

    #[test]
    fn the_image_is_found_and_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let place = folder.join("linux-image-1_2_amd64");
        fs::create_dir_all(&place).expect("a folder");
        assert_eq!(fetched(folder), None);
        let mut archive = tar::Builder::new(Vec::new());
        for (name, content) in [("./boot/config-1", b"no"), ("./boot/vmlinuz-1", b"it")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            archive
                .append_data(&mut header, name, content.as_slice())
                .expect("a member");
        }
        let archive = archive.into_inner().expect("an archive");
        copy_image(archive.as_slice(), &place.join("vmlinuz")).expect("an image");
        let kernel = fetched(folder).expect("a kernel");
        assert_eq!(
            (kernel.package.as_str(), kernel.version.as_str()),
            ("linux-image-1", "2")
        );
        assert_eq!(fs::read(&kernel.image).expect("a file"), b"it");
        assert!(copy_image(&archive[..512], &place.join("other")).is_err());
    }
}
