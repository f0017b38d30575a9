//! The doors of the fake. In production they are locked: an authority that is made for one test vouches for who stands behind them,
//! and whoever does not trust it goes away again, which is kept.

use std::sync::Arc;

use axum::Router;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber,
    SignatureAlgorithm, SigningKey,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};
use uuid::Uuid;

use super::Fake;

/// Where the fake is.
pub const HERE: &str = "127.0.0.1";

/// A key, made up.
struct Key {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Key {
    fn new() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap().as_ref().to_vec();
        Self { pair: EcdsaKeyPair::from_pkcs8(kind, &pkcs8, &random).unwrap(), pkcs8 }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature.map(|signature| signature.as_ref().to_vec()).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// Who vouches for others, and is known to nobody.
pub struct Authority {
    issuer: Issuer<'static, Key>,
    certificate: CertificateDer<'static>,
}

/// What somebody shows who was vouched for.
pub struct Papers {
    certificate: CertificateDer<'static>,
    key: Key,
}

fn params(number: u8, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.serial_number = Some(SerialNumber::from_slice(&[number]));
    // Whoever has another one's name would be taken for it, with another key.
    params.distinguished_name.push(DnType::CommonName, format!("made up {}", Uuid::now_v7()));
    params
}

impl Authority {
    pub fn new() -> Self {
        let (key, mut params) = (Key::new(), params(1, &[]));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Its certificate, as a file that `SSL_CERT_FILE` may name.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Vouches for somebody at an address.
    pub fn vouches_for(&self, address: &str) -> Papers {
        let key = Key::new();
        let certificate = params(2, &[address]).signed_by(&key, &self.issuer).unwrap().der().clone();
        Papers { certificate, key }
    }
}

/// A connection, locked or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A door of the fake.
pub struct Door {
    listener: TcpListener,
    lock: Option<TlsAcceptor>,
}

impl Door {
    /// For whoever comes.
    pub async fn open() -> Self {
        Self { listener: TcpListener::bind((HERE, 0)).await.unwrap(), lock: None }
    }

    /// For whoever trusts these papers, and speaks one of these protocols if there are any.
    pub async fn locked(papers: &Papers, protocols: &[&str]) -> Self {
        let key = PrivateKeyDer::Pkcs8(papers.key.pkcs8.clone().into());
        let config = ServerConfig::builder().with_no_client_auth();
        let mut config = config.with_single_cert(vec![papers.certificate.clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { lock: Some(TlsAcceptor::from(Arc::new(config))), ..Self::open().await }
    }

    /// Its address under a scheme, which gets an `s` when it is locked.
    pub fn address(&self, scheme: &str) -> String {
        let lock = if self.lock.is_some() { "s" } else { "" };
        format!("{scheme}{lock}://{}", self.listener.local_addr().unwrap())
    }

    /// Who knocks next.
    pub async fn knock(&self) -> Option<Knock> {
        let (stream, _) = self.listener.accept().await.ok()?;
        Some(Knock { stream, lock: self.lock.clone() })
    }

    /// Answers calls: behind a lock over HTTP/2 alone, as everybody speaks it with Discord who can.
    pub async fn serve(self, app: Router, fake: Fake) {
        if self.lock.is_none() {
            return axum::serve(self.listener, app).await.unwrap();
        }
        while let Some(knock) = self.knock().await {
            let (app, fake) = (app.clone(), fake.clone());
            tokio::spawn(async move {
                let Some(wire) = knock.enters(&fake).await else { return };
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(wire), TowerToHyperService::new(app)).await;
            });
        }
    }
}

/// Somebody at a door.
pub struct Knock {
    stream: TcpStream,
    lock: Option<TlsAcceptor>,
}

impl Knock {
    /// The connection, once both sides trust it.
    pub async fn enters(self, fake: &Fake) -> Option<Box<dyn Wire>> {
        let Some(lock) = self.lock else { return Some(Box::new(self.stream)) };
        match lock.accept(self.stream).await {
            Ok(stream) => Some(Box::new(stream)),
            Err(error) => {
                fake.state().turned_away.push(error.to_string());
                fake.news.notify_waiters();
                None
            }
        }
    }
}
