//! What people paste.

/// A token without the right scope, as GitHub says; the cause is certain.
pub const SCOPES: &str = "npm error code E403
npm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: The token provided does not match expected scopes.";

/// Refused by a registry that nobody knows: several causes, and a question that tells them apart.
pub const REFUSED: &str = "npm error code E403
npm error 403 403 Forbidden - GET https://npm.acme.example/@acme%2fwidget";

/// No token at all, as GitHub says.
pub const NO_TOKEN: &str = "npm error code E401
npm error 401 Unauthorized - GET https://npm.pkg.github.com/@acme%2fwidget - authentication token not provided";

/// Talk.
pub const CHATTER: &str = "lunch?";

/// The first paste's error for another package of the same scope.
pub fn scopes_for(package: &str) -> String {
    SCOPES.replace("widget", package)
}

/// As many different errors as numbers.
pub fn refused_by(number: usize) -> String {
    REFUSED.replace("npm.acme.example", &format!("npm{number}.acme.example"))
}
