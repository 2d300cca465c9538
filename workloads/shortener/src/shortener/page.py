"""The one page that a visitor may see: it asks for a link's password."""

from starlette.responses import HTMLResponse

FORM = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>This link asks for a password</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 1rem }
  input, button { font: inherit; padding: .5rem .75rem }
  [role=alert] { color: #b00020 }
  @media (prefers-color-scheme: dark) { body { background: #111; color: #eee } [role=alert] { color: #ff8a80 } }
</style>
<form method="post">
  <h1>This link asks for a password</h1>
  <p><label for="password">Password</label><br>
  <input id="password" name="password" type="password" required autofocus autocomplete="off">
  <button>Open</button></p>
  WRONG
</form>
</html>
"""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def password_form(wrong: bool) -> HTMLResponse:
    """200 when it is asked for the first time, 403 after a wrong password."""
    told = '<p role="alert">That was not the password.</p>' if wrong else ""
    return HTMLResponse(FORM.replace("WRONG", told), status_code=403 if wrong else 200, headers=HEADERS)
