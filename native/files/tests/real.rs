//! The operating system's files keep the same promises as the simulated ones.

use files::{Files, Kind, RealFiles};

fn root(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("colonnade-files-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

#[test]
fn appends_reads_and_cuts() {
    let dir = root("append");
    let files = RealFiles::open(&dir).unwrap();
    files.make_dir("a/b").unwrap();
    let file = files.create("a/b/log").unwrap();
    assert_eq!(files.create("a/b/log").err().unwrap().kind, Kind::Exists);
    assert_eq!(file.append(b"hello").unwrap(), 0);
    assert_eq!(file.append(b" world").unwrap(), 5);
    file.write_at(0, b"J").unwrap();
    file.sync().unwrap();
    files.sync_dir("a/b").unwrap();
    let read = files.open_read("a/b/log").unwrap();
    let mut bytes = [0; 5];
    read.read_at(6, &mut bytes).unwrap();
    assert_eq!(&bytes, b"world");
    assert_eq!(read.read_at(8, &mut bytes).unwrap_err().kind, Kind::Short);
    file.truncate(5).unwrap();
    assert_eq!(file.append(b"!").unwrap(), 5);
    assert_eq!(files.read_all("a/b/log", 100).unwrap(), b"Jello!");
    assert!(files.read_all("a/b/log", 3).is_err());
    assert_eq!(files.len_of("a/b/log").unwrap(), Some(6));
    assert_eq!(files.len_of("a/b/none").unwrap(), None);
    assert_eq!(files.open_read("none").err().unwrap().kind, Kind::NotFound);
    assert_eq!(files.open_read("a/../../x").err().unwrap().kind, Kind::BadPath);
    assert!(files.free_space().unwrap() > 0);
    assert_eq!(files.list("a/b").unwrap().len(), 1);
    files.remove("a/b/log").unwrap();
    files.remove("a/b").unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_second_holder_is_refused_by_pid() {
    let dir = root("lock");
    let files = RealFiles::open(&dir).unwrap();
    let lock = files.lock().unwrap();
    let refused = files.lock().err().unwrap();
    assert_eq!(refused.kind, Kind::Locked);
    assert_eq!(refused.pid, Some(std::process::id()));
    drop(lock);
    assert!(files.lock().is_ok());
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_full_device_is_a_full_disk() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let dir = root("full");
    let files = RealFiles::open(&dir).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.join("full")).unwrap();
    let file = files.open_write("full").unwrap();
    assert_eq!(file.append(b"x").unwrap_err().kind, Kind::DiskFull);
    std::fs::remove_dir_all(dir).unwrap();
}
