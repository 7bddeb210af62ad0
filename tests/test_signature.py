"""Standard Webhooks signatures, by the vector of the specification and by everything hostile."""

import base64

import pytest

from creditsapp.dodo.signature import BadSecret, InvalidSignature, decode_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
BODY = b'{"test": 2432232314}'
ID, SENT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def check(body=BODY, secrets=(SECRET,), now=SENT, **changes):
    headers = {"webhook-id": ID, "webhook-timestamp": str(SENT), "webhook-signature": SIGNATURE}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return verify(body, {k: v for k, v in headers.items() if v is not None}, secrets, now=now)


def test_the_vector_of_the_specification_is_accepted():
    assert check() == (ID, SENT)
    assert sign(ID, SENT, BODY, SECRET) == SIGNATURE


@pytest.mark.parametrize("seconds", [-300, -299.5, 0, 299.5, 300])
def test_five_minutes_either_way_are_accepted(seconds):
    check(now=SENT + seconds)


@pytest.mark.parametrize("seconds", [-300.5, -301, 300.5, 301, 86400])
def test_older_and_newer_are_refused(seconds):
    with pytest.raises(InvalidSignature):
        check(now=SENT + seconds)


@pytest.mark.parametrize(
    "header",
    [
        f"v1,{'A' * 43}= {SIGNATURE}",
        f"{SIGNATURE} v1,{'A' * 43}=",
        f"v2,xyz {SIGNATURE}",
        f"v1a,{SIGNATURE[3:]} {SIGNATURE}",
        f"garbage {SIGNATURE}",
        f"v1,!!! {SIGNATURE}",
        f"  {SIGNATURE}  ",
    ],
)
def test_one_good_signature_among_others_is_enough(header):
    check(webhook_signature=header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        "v1",
        "v1,",
        SIGNATURE[3:],
        "v2," + SIGNATURE[3:],
        "V1," + SIGNATURE[3:],
        SIGNATURE[:-1],
        SIGNATURE + "=",
        SIGNATURE.replace("E=", "F="),
        SIGNATURE[:10] + "\n" + SIGNATURE[10:],
        SIGNATURE[:10] + "!" + SIGNATURE[10:],
        "v1,ü" + SIGNATURE[4:],
        "v1," + "A" * 43 + "=",
        " ".join(["v1,x"] * 40 + [SIGNATURE]),
    ],
)
def test_no_good_signature_is_refused(header):
    with pytest.raises(InvalidSignature):
        check(webhook_signature=header)


@pytest.mark.parametrize("value", [None, "", "a b", "ümlaut", "x" * 256, "nul\0"])
def test_a_malformed_id_is_refused(value):
    with pytest.raises(InvalidSignature):
        check(webhook_id=value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "1614265330.0",
        " 1614265330",
        "+1614265330",
        "-1",
        "1e9",
        "0161",
        "１６",
        "9" * 40,
    ],
)
def test_a_malformed_timestamp_is_refused(value):
    with pytest.raises(InvalidSignature):
        check(webhook_timestamp=value)


@pytest.mark.parametrize("body", [BODY + b" ", b'{"test":2432232314}', b"", b"\xff"])
def test_another_body_is_refused(body):
    with pytest.raises(InvalidSignature):
        check(body=body)


def test_any_of_several_secrets_may_have_signed():
    check(secrets=(OTHER, SECRET))
    check(secrets=(SECRET, OTHER))
    with pytest.raises(InvalidSignature):
        check(secrets=(OTHER,))
    with pytest.raises(InvalidSignature):
        check(secrets=())


def test_a_body_that_is_no_text_can_be_signed():
    signature = sign(ID, SENT, b"\xff\x00", SECRET)
    check(body=b"\xff\x00", webhook_signature=signature)


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_x", "whsec_ÄÄÄÄ", "plain words", "whsec_c2hvcnQ="]
)
def test_a_secret_that_cannot_be_a_key_is_named(secret):
    with pytest.raises(BadSecret):
        decode_secret(secret)
