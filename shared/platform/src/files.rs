//! Mail that came in, and files, in S3.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, MetadataDirective};
use domain::id::{AccountId, ExportId, FileId, ImportId, ItemId};

use crate::Config;

/// Where SES puts the mail that comes in, under the id it gives it.
pub const INBOUND: &str = "inbound/";

/// Every part of an upload but the last has at least so many bytes (S3's limit).
pub const PART_LEAST: usize = 5 * 1024 * 1024;

/// A part of an upload that S3 has taken.
#[derive(Clone, Debug)]
pub struct Part(CompletedPart);

/// A call to S3 failed, or nobody knows whether it did.
#[derive(Debug, thiserror::Error)]
#[error("{call} failed: {detail}")]
pub struct FilesError {
    call: &'static str,
    detail: String,
}

/// The beginning of an object, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As much of it as was asked for.
    pub bytes: Vec<u8>,
    /// How large all of it is.
    pub size: u64,
    /// What tells it from any other content under its key.
    pub etag: Option<String>,
}

/// A request that whoever has it can make, for a while, and that can't be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Where it goes.
    pub url: String,
    /// The headers it must have.
    pub headers: BTreeMap<String, String>,
}

/// The bucket.
#[derive(Clone, Debug)]
pub struct Files {
    client: aws_sdk_s3::Client,
    bucket: String,
}

/// Where a file of an item is.
pub fn file_key(account: AccountId, item: ItemId, file: FileId) -> String {
    format!("files/{account}/{item}/{file}")
}

/// Where a file of rows is until they are imported.
pub fn import_key(account: AccountId, import: ImportId) -> String {
    format!("imports/{account}/{import}")
}

/// Where an attempt at an export writes to.
pub fn export_key(account: AccountId, export: ExportId, attempt: u32) -> String {
    format!("exports/{account}/{export}/{attempt}")
}

/// Where a file of an item is uploaded to. It is not kept there.
pub fn upload_key(account: AccountId, item: ItemId, file: FileId) -> String {
    format!("uploads/{account}/{item}/{file}")
}

/// Where a mail that came in is, by the id that SES gave it.
pub fn inbound_key(message: &str) -> String {
    format!("{INBOUND}{message}")
}

impl Files {
    /// The bucket of the deployment.
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        // the bucket's name stands in the path, so that an endpoint on this machine can be addressed
        let s3 = aws_sdk_s3::config::Builder::from(sdk).force_path_style(sdk.endpoint_url().is_some()).build();
        Self { client: aws_sdk_s3::Client::from_conf(s3), bucket: config.bucket.clone() }
    }

    /// An object: all of it if it has at most `most` bytes, else its first `beginning` bytes. `None` if there is none.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn get(&self, key: &str, most: u64, beginning: u64) -> Result<Option<Found>, FilesError> {
        let answer = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => return Ok(None),
            Err(error) => return Err(failed("GetObject", error)),
        };
        let etag = answer.e_tag().map(str::to_owned);
        let size = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
        let wanted = usize::try_from(if size <= most { size } else { beginning }).unwrap_or(usize::MAX);
        let mut body = answer.body;
        let mut bytes = Vec::with_capacity(wanted);
        while bytes.len() < wanted {
            let Some(chunk) = body.try_next().await.map_err(|error| FilesError { call: "GetObject", detail: error.to_string() })? else {
                break;
            };
            bytes.extend_from_slice(&chunk);
        }
        if size <= most && bytes.len() != wanted {
            return Err(FilesError { call: "GetObject", detail: format!("{} of {wanted} bytes came", bytes.len()) });
        }
        bytes.truncate(wanted);
        Ok(Some(Found { bytes, size, etag }))
    }

    /// Writes an object, whatever was there. It is never shown by a browser: whoever opens it saves it.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type).content_disposition("attachment");
        put.body(ByteStream::from(bytes)).send().await.map_err(|error| failed("PutObject", error))?;
        Ok(())
    }

    /// Begins an upload in parts, and gives its id. Nothing is there until it is completed.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn begin_upload(&self, key: &str, content_type: &str) -> Result<String, FilesError> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key).content_type(content_type);
        let begun = begin.content_disposition("attachment").send().await.map_err(|error| failed("CreateMultipartUpload", error))?;
        begun.upload_id.ok_or_else(|| FilesError { call: "CreateMultipartUpload", detail: "it has no id".into() })
    }

    /// Uploads a part; numbers count from 1.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn upload_part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part, FilesError> {
        let part = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let taken = part.body(ByteStream::from(bytes)).send().await.map_err(|error| failed("UploadPart", error))?;
        let done = CompletedPart::builder().part_number(number).set_e_tag(taken.e_tag).set_checksum_crc32(taken.checksum_crc32);
        Ok(Part(done.build()))
    }

    /// Makes an object of the parts, in their order: whole, or not at all.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn complete_upload(&self, key: &str, upload: &str, parts: Vec<Part>) -> Result<(), FilesError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.into_iter().map(|part| part.0).collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        complete.multipart_upload(parts).send().await.map_err(|error| failed("CompleteMultipartUpload", error))?;
        Ok(())
    }

    /// Gives an upload up, with what was uploaded; one that is over is left as it is.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), FilesError> {
        let aborted = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload).send().await;
        match aborted {
            Err(error) if error.code() != Some("NoSuchUpload") => Err(failed("AbortMultipartUpload", error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn remove(&self, key: &str) -> Result<(), FilesError> {
        let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        match removed {
            Err(error) if error.code() != Some("NoSuchKey") => Err(failed("DeleteObject", error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A link by which whoever has it can save the object under a name, for a while.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn link(&self, key: &str, name: &str, good_for: Duration) -> Result<String, FilesError> {
        let for_a_while = PresigningConfig::expires_in(good_for).map_err(|error| FilesError { call: "link", detail: error.to_string() })?;
        let get = self.client.get_object().bucket(&self.bucket).key(key).response_content_disposition(saved_as(name));
        let signed = get.response_content_type("application/octet-stream").presigned(for_a_while).await;
        Ok(signed.map_err(|error| failed("link", error))?.uri().to_owned())
    }
}

impl Files {
    /// A request by which whoever has it can put an object of this type and size there, for a while.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn upload(&self, key: &str, content_type: &str, size: u64, good_for: Duration) -> Result<Signed, FilesError> {
        let fault = |detail: String| FilesError { call: "upload", detail };
        let for_a_while = PresigningConfig::expires_in(good_for).map_err(|error| fault(error.to_string()))?;
        let length = i64::try_from(size).map_err(|error| fault(error.to_string()))?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type).content_length(length);
        let signed = put.presigned(for_a_while).await.map_err(|error| failed("upload", error))?;
        // sent by whatever makes the request, and not for it to choose
        let headers = signed.headers().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
        Ok(Signed { url: signed.uri().to_owned(), headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() })
    }

    /// Copies an object, if it still is what was found there; whether it was. The copy is never shown by a browser.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn copy(&self, from: &str, found: &Found, to: &str, content_type: &str) -> Result<bool, FilesError> {
        let copy = self.client.copy_object().bucket(&self.bucket).key(to).copy_source(format!("{}/{from}", self.bucket));
        let copy = copy.metadata_directive(MetadataDirective::Replace).content_type(content_type).content_disposition("attachment");
        match copy.set_copy_source_if_match(found.etag.clone()).send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if matches!(error.err().code(), Some("PreconditionFailed" | "NoSuchKey")) => Ok(false),
            Err(error) => Err(failed("CopyObject", error)),
        }
    }
}

/// The header that has a browser save what it gets under a name (RFC 6266, RFC 8187).
fn saved_as(name: &str) -> String {
    let mut plain = String::new();
    let mut encoded = String::new();
    for c in name.chars() {
        plain.push(if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' });
    }
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn failed<E: std::error::Error + Send + Sync + 'static>(call: &'static str, error: SdkError<E>) -> FilesError {
    FilesError { call, detail: DisplayErrorContext(error).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_saved_under_its_name_and_nothing_else_gets_into_the_header() {
        assert_eq!(saved_as("plan.pdf"), "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf");
        assert_eq!(
            saved_as("Übersicht\r\n\"x\".pdf"),
            "attachment; filename=\"_bersicht___x_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%0D%0A%22x%22.pdf"
        );
    }
}
