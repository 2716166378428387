//! The pictures of QR codes, and the lists of them, in the state directory.
//!
//! A picture is on disk before the answer with it is settled. So a crash in between fetches it
//! again, and a file is there whole or not at all.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::durable_file;
use crate::model::{Failure, Plain};
use crate::wechat::protocol::api_call::is_picture;
use crate::wechat::protocol::{HttpResponse, Reply, Save};

/// The name of the folder inside the state directory.
const DIRECTORY: &str = "qrcodes";

/// The folder of all pictures.
#[derive(Clone, Debug)]
pub(super) struct Pictures(PathBuf);

impl Pictures {
    pub(super) fn of(state: &Path) -> Self {
        Self(state.join(DIRECTORY))
    }

    /// Writes the files of a response that is a picture; if they cannot be written, there was no
    /// response.
    pub(super) async fn save(&self, save: Save, response: HttpResponse) -> HttpResponse {
        let HttpResponse { reply, date } = response;
        let Reply::Http { status, body } = reply else { return HttpResponse { reply, date } };
        if !is_picture(&body) {
            return HttpResponse { reply: Reply::Http { status, body }, date };
        }
        let folder = self.0.clone();
        let written = tokio::task::spawn_blocking(move || {
            let written = write(&folder, &save, &body);
            (written, body)
        });
        let reply = match written.await {
            Ok((Ok(()), body)) => Reply::Http { status, body },
            Ok((Err(error), _)) => {
                let error = error.to_string();
                Reply::Unknown(Failure::PictureUnwritten { error }.to_string())
            }
            Err(_) => Reply::Unknown(Plain::PictureLost.to_string()),
        };
        HttpResponse { reply, date }
    }
}

fn write(folder: &Path, save: &Save, picture: &[u8]) -> io::Result<()> {
    let place = |file: &str| -> io::Result<PathBuf> {
        let path = folder.join(file);
        let mut make = fs::DirBuilder::new();
        make.recursive(true).mode(0o700).create(durable_file::folder(&path))?;
        Ok(path)
    };
    durable_file::replace(&place(&save.picture)?, picture)?;
    match &save.list {
        Some((file, text)) => durable_file::replace(&place(file)?, text.as_bytes()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_picture_is_written_whole_with_its_list_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let pictures = Pictures::of(dir.path());
        let list = Some(("doors/doors.csv".to_owned(), "scene\r\n".to_owned()));
        let save = Save { picture: "doors/1.jpg".to_owned(), list };
        let response = |body: &[u8]| HttpResponse {
            reply: Reply::Http { status: 200, body: body.to_vec() },
            date: None,
        };

        let refused = pictures.save(save.clone(), response(b"<html>")).await;
        assert!(!dir.path().join("qrcodes").exists());
        let saved = pictures.save(save.clone(), response(&[0xff, 0xd8, 0xff, 1])).await;

        assert_eq!(
            (refused, saved.clone()),
            (response(b"<html>"), response(&[0xff, 0xd8, 0xff, 1]))
        );
        let read = |name: &str| fs::read(dir.path().join("qrcodes/doors").join(name)).unwrap();
        assert_eq!(read("1.jpg"), [0xff, 0xd8, 0xff, 1]);
        assert_eq!(read("doors.csv"), b"scene\r\n");
        fs::write(dir.path().join("qrcodes/file"), "").unwrap();
        let blocked = Save { picture: "file/1.jpg".to_owned(), list: None };
        let unsaved = pictures.save(blocked, saved).await;
        assert!(matches!(unsaved.reply, Reply::Unknown(_)), "{unsaved:?}");
    }
}
