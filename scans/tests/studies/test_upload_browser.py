"""Uploading in a browser: a row for each file with its own outcome, and somebody who watches."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.tests.factories import UserFactory
from scans.models import Image, Notification, Patient, Study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.core.waiting import wait_until
from scans.tests.studies.dicom_files import slice_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MB = 1024**2


@pytest.fixture
def patient(user) -> Patient:
    ReleaseFactory()
    return PatientFactory(created_by=user, family_name="Lund", given_name="Eva", mrn="M-1")


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def open_for(page: Page, patient: Patient) -> None:
    page.goto(f"/upload/?patient={patient.pk}")


def choose(page: Page, *files: dict[str, object]) -> None:
    page.locator("#files").set_input_files(list(files))
    expect(row(page, str(files[-1]["name"]))).to_be_visible()


def start(page: Page) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()


def row(page: Page, name: str) -> Locator:
    return page.locator(".ns-file").filter(has=page.locator(".ns-file-name", has_text=name))


def done(page: Page, totals: str) -> None:
    expect(page.locator("[data-totals]")).to_have_text(totals, timeout=60_000)


def test_many_files_are_one_stop_of_the_tab_key_and_the_bar_stays_in_sight(page, patient):
    open_for(page, patient)
    one = pictures.png(seed=1, width=64, height=64)
    choose(page, *(file(f"{n:03}.png", one) for n in range(80)))
    upload = page.get_by_role("button", name="Upload", exact=True)
    expect_pressable(page, upload)
    page.locator(".ns-upload-more > summary").focus()
    stops = 0
    while not upload.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
        stops += 1
        assert stops <= 4
    page.keyboard.press("Shift+Tab")
    expect(row(page, "000.png").get_by_role("button", name="Remove")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row(page, "001.png")).to_be_focused()
    page.keyboard.press("End")
    expect(row(page, "079.png")).to_be_focused()
    bottom, top = row(page, "079.png").evaluate(
        "row => [row.getBoundingClientRect().bottom,"
        " document.querySelector('.ns-upload-foot').getBoundingClientRect().top]"
    )
    assert bottom <= top
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Remove
    expect(page.locator(".ns-file")).to_have_count(79)
    expect_pressable(page, upload)


def test_each_file_gets_its_own_row_and_outcome(page, patient, assert_accessible):
    open_for(page, patient)
    archive = pictures.zip_of(
        {"series/a.png": pictures.png(seed=10), "series/b.txt": b"x", "series/c.png": b"\x89PNG"}
    )
    choose(
        page,
        file("good-1.png", pictures.png(seed=1)),
        file("good-2.jpg", pictures.jpeg(seed=2)),
        file("the same as 1.png", pictures.png(seed=1)),
        file("broken.png", pictures.png(seed=3)[:-200]),
        file("tiny.png", pictures.png(seed=4, width=20, height=20)),
        file("notes.txt", b"hello"),
        file("series.zip", archive),
    )
    assert_accessible(page)
    start(page)
    done(page, "9 files: 3 received, 1 already there, 5 refused")  # those in the ZIP as well
    expect(row(page, "the same as 1.png")).to_contain_text("This image was chosen twice")
    for name in ("good-1.png", "good-2.jpg"):
        expect(row(page, name)).to_contain_text("Received")
        expect(row(page, name).locator("img")).to_be_visible()
        expect(row(page, name).get_by_role("link", name="Open")).to_be_visible()
    expect(row(page, "broken.png")).to_contain_text("Refused. The image is truncated or damaged.")
    expect(row(page, "tiny.png")).to_contain_text("Refused. The image is 20 x 20 pixels.")
    expect(row(page, "notes.txt")).to_contain_text("Refused. This is not an image.")
    entries = row(page, "series.zip").locator(".ns-file-entry")
    expect(entries).to_have_count(3)
    expect(entries.nth(0)).to_contain_text("series/a.png")
    expect(entries.nth(0)).to_contain_text("Received")
    expect(entries.nth(1)).to_contain_text("Refused. This is not an image.")
    assert_accessible(page)
    page.get_by_role("link", name="Open the study").click()
    expect(page.get_by_role("heading", name="MRI study")).to_be_visible()
    expect(page.locator(".ns-strip-image")).to_have_count(3)


def test_a_stat_study_is_uploaded_as_one(page, user, patient):
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    open_for(page, patient)
    expect(page.get_by_label("Priority")).to_have_value("routine")
    page.get_by_label("Priority").select_option("Stat")
    choose(page, *(file(f"{n}.png", pictures.png(seed=n)) for n in range(3)))
    start(page)
    expect(page.get_by_role("link", name="Open the study")).to_be_visible()
    assert Study.objects.get().priority == "stat"
    assert Notification.objects.get().person == colleague


def test_once_all_files_of_an_upload_are_there_its_study_has_arrived(page, patient):
    open_for(page, patient)
    choose(page, *(file(f"{n}.dcm", slice_of(number=n)) for n in range(1, 4)))
    start(page)
    expect(page.get_by_role("link", name="Open the study")).to_be_visible()
    wait_until(page, lambda: Study.objects.filter(arrived_at__isnull=False).exists())
    assert Image.objects.count() == 3


def test_what_the_patient_already_has_is_a_duplicate_with_a_link(page, patient):
    for name, outcome in (("first.png", "1 received"), ("again.png", "1 already there")):
        open_for(page, patient)
        choose(page, file(name, pictures.png()))
        start(page)
        done(page, f"1 file: {outcome}")
    expect(row(page, "again.png")).to_contain_text("already has exactly this image")
    # Nothing new came, and the page leads to the study that has it.
    link = page.get_by_role("link", name="Open the study")
    expect(link).to_have_attribute("href", Study.objects.get().get_absolute_url())
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_hidden()
    row(page, "again.png").get_by_role("link", name="Open").click()
    expect(page.locator(f"#image-{Image.objects.get().pk}")).to_be_in_viewport()


def test_oversized_and_empty_files_are_refused_before_they_are_sent(
    browsing, page, patient, settings
):
    settings.UPLOAD_MAX_FILE_BYTES = MB
    settings.UPLOAD_MAX_ARCHIVE_BYTES = 2 * MB
    open_for(page, patient)
    choose(
        page,
        file("big.png", pictures.png() + bytes(MB)),
        file("empty.png", b""),
        file("large but a zip.zip", pictures.zip_of({"a.png": pictures.png()}) + bytes(MB)),
        file("too large a zip.zip", b"PK\x03\x04" + bytes(2 * MB)),
    )
    expect(row(page, "big.png")).to_contain_text("Refused. The file is larger than 1 MB.")
    expect(row(page, "empty.png")).to_contain_text("Refused. The file is empty.")
    expect(row(page, "too large a zip")).to_contain_text("Refused. The ZIP archive expands to")
    expect(row(page, "large but a zip")).to_contain_text("Ready")
    assert browsing.asked_for("/upload/file/") == 0


def test_a_folder_is_walked_through(page, patient, tmp_path):
    inner = tmp_path / "brain" / "axial"
    inner.mkdir(parents=True)
    (inner / "slice10.png").write_bytes(pictures.png(seed=1))
    (inner / "slice9.png").write_bytes(pictures.png(seed=2))
    (tmp_path / "brain" / ".DS_Store").write_bytes(b"litter")
    open_for(page, patient)
    page.locator("#folder").set_input_files(tmp_path / "brain")
    expect(page.locator(".ns-file-name")).to_have_text(["slice9.png", "slice10.png"])


def test_after_an_upload_the_next_key_opens_the_study(page, patient):
    open_for(page, patient)
    image = {"name": "a.png", "mimeType": "image/png", "buffer": pictures.png(seed=1)}
    page.locator("#files").set_input_files([image])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="Open the study")).to_be_focused()


def test_files_can_be_dropped(page, patient):
    open_for(page, patient)
    page.evaluate(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
          const zone = document.querySelector("[data-drop]");
          zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
        }""",
        list(pictures.png()),
    )
    start(page)
    done(page, "1 file: 1 received")


def test_a_dropped_file_that_cannot_be_read_gets_a_row_and_the_others_go_on(page, patient):
    open_for(page, patient)
    page.evaluate(
        """(bytes) => {
          const good = (name) => ({ isFile: true, name,
            file: (resolve) => resolve(new File([new Uint8Array(bytes)], name)) });
          const gone = (name) => ({ isFile: true, name,
            file: (_, reject) => reject(new DOMException("gone", "NotFoundError")) });
          const folder = (name, batches) => ({ isFile: false, name, createReader: () => ({
            readEntries: (resolve, reject) => batches.length ? resolve(batches.shift())
              : name === "locked" ? reject(new DOMException("no", "NotReadableError"))
              : resolve([]) }) });
          const entries = [gone("gone.png"),
            folder("axial", [[gone("inner.png"), good("good.png")]]), folder("locked", [])];
          const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
          const drop = new Event("drop", { bubbles: true });
          Object.defineProperty(drop, "dataTransfer", { value: { items, files: [] } });
          document.querySelector("[data-drop]").dispatchEvent(drop);
        }""",
        list(pictures.png()),
    )
    for name in ("gone.png", "inner.png", "locked"):
        expect(row(page, name)).to_contain_text("Not sent. It could not be read.")
        expect(row(page, name).get_by_role("button", name="Retry")).to_be_hidden()
    start(page)
    done(page, "4 files: 1 received, 3 not sent")
    expect(page.get_by_role("link", name="Open the study")).to_be_visible()


def test_a_file_lost_on_the_way_can_be_sent_again_into_the_same_study(page, patient):
    open_for(page, patient)
    choose(page, *[file(f"{n}.png", pictures.png(seed=n)) for n in range(3)])
    page.route("**/upload/file/", lambda route: route.abort())
    start(page)
    done(page, "3 files: 3 not sent")
    expect(row(page, "1.png")).to_contain_text("The server could not be reached.")
    page.unroute("**/upload/file/")
    row(page, "1.png").get_by_role("button", name="Retry").click()
    done(page, "3 files: 1 received, 2 not sent")
    page.get_by_role("button", name="Send the rest").click()
    done(page, "3 files: 3 received")
    assert Study.objects.count() == 1


def test_leaving_is_warned_about_and_the_rest_can_be_cancelled(page, patient):
    held = []
    page.route("**/upload/file/", lambda route: held.append(route))
    open_for(page, patient)
    choose(page, *[file(f"{n}.png", pictures.png(seed=n)) for n in range(5)])
    start(page)
    page.wait_for_function("() => document.querySelectorAll('[data-state=sending]').length === 3")
    assert len(held) == 3  # at most three at a time
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert dialogs == ["beforeunload"]
    page.get_by_role("button", name="Cancel the remaining files").click()
    done(page, "5 files: 5 cancelled")
    page.unroute("**/upload/file/")
    start(page)
    done(page, "5 files: 5 received")


def test_signed_out_meanwhile_the_row_says_so(page, patient):
    open_for(page, patient)
    choose(page, file("a.png", pictures.png()))
    page.context.clear_cookies(name="sessionid")
    start(page)
    expect(row(page, "a.png")).to_contain_text("You are no longer signed in.")
    page.context.clear_cookies()
    start(page)
    expect(row(page, "a.png")).to_contain_text("You are no longer signed in.")


def test_what_is_missing_is_said_before_anything_is_sent(browsing, page, patient):
    page.goto("/upload/")
    problem = page.locator("[data-problem]")
    start(page)
    expect(problem).to_have_text("Choose the patient these images belong to.")
    open_for(page, patient)
    start(page)
    expect(problem).to_have_text("Choose at least one file.")
    choose(page, file("a.png", pictures.png()))
    late = timezone.localdate() + timedelta(days=2)
    page.get_by_label("Study date").fill(late.isoformat())
    start(page)
    expect(problem).to_have_text("The study date is in the future. Correct it.")
    assert browsing.asked_for("/upload/file/") == 0


def test_a_date_that_the_server_refuses_can_be_corrected(page, patient):
    open_for(page, patient)
    choose(page, file("a.png", pictures.png()))
    page.get_by_label("Study date").fill("1950-01-01")
    start(page)
    expect(row(page, "a.png")).to_contain_text("The study date is before the patient was born")
    page.get_by_label("Study date").fill("2020-01-01")
    start(page)
    done(page, "1 file: 1 received")


def test_the_patient_is_found_and_chosen_by_keyboard(page, user, patient, assert_accessible):
    PatientFactory(created_by=user, family_name="Lundgren", mrn="M-2")
    page.goto("/upload/")
    field = page.get_by_role("combobox", name="Patient")
    field.press_sequentially("lun")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(2)
    assert_accessible(page)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(page.get_by_role("option", name="Lundgren")).to_have_attribute("aria-selected", "true")
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press("ArrowDown")
    expect(options).to_have_count(2)
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.locator("[data-chosen]")).to_contain_text("Lund, Eva")
    expect(page.get_by_role("button", name="Change")).to_be_focused()
    assert page.locator("#id_patient").input_value() == str(patient.pk)


def test_candidates_that_come_late_do_not_stand_under_another_patient(page, user, patient):
    born = date(1970, 1, 2)
    for mrn in ("M-2", "M-3"):
        PatientFactory(
            created_by=user, family_name="Twin", given_name="Ada", birth_date=born, mrn=mrn
        )
    twin = Patient.objects.get(mrn="M-2")
    page.goto("/upload/")
    late = []
    page.route(f"**/{twin.pk}/candidates/", lambda route: late.append(route))
    field = page.get_by_role("combobox", name="Patient")
    field.press_sequentially("M-2")
    page.get_by_role("listbox").get_by_role("option").click()
    expect(page.locator("[data-chosen]")).to_contain_text("Twin")
    page.get_by_role("button", name="Change").click()
    field.press_sequentially("Lund")
    page.get_by_role("listbox").get_by_role("option").click()
    expect(page.locator("[data-chosen]")).to_contain_text("Lund, Eva")

    with page.expect_response(f"**/{twin.pk}/candidates/"):
        late[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    expect(page.locator("[data-chosen-candidates]")).to_be_empty()

    page.unroute(f"**/{twin.pk}/candidates/")
    page.get_by_role("button", name="Change").click()
    field.press_sequentially("M-2")
    page.get_by_role("listbox").get_by_role("option").click()
    expect(page.locator("[data-chosen-candidates]")).to_contain_text("M-3")


def test_a_new_patient_is_registered_without_losing_the_files(page, patient):
    page.goto("/upload/")
    choose(page, file("a.png", pictures.png()))
    page.get_by_role("link", name="Register a new patient").click()
    page.get_by_label("MRN", exact=True).fill("M-1")
    page.get_by_label("Family name").fill("Newman")
    page.get_by_role("button", name="Register and choose").click()
    expect(page.get_by_text("This MRN belongs to")).to_be_visible()
    page.get_by_label("MRN", exact=True).fill("M-77")
    page.get_by_role("button", name="Register and choose").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-chosen]")).to_contain_text("Newman")
    start(page)
    done(page, "1 file: 1 received")
    assert Study.objects.get().patient.mrn == "M-77"


def test_without_javascript_a_plain_form_does_it(browsing, user, patient):
    page = browsing.of(user, java_script_enabled=False)
    page.goto("/upload/")
    page.get_by_label("Patient", exact=True).fill("M-1")
    page.locator("#files").set_input_files([file("a.png", pictures.png()), file("b.txt", b"x")])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("1 received, 0 already there, 1 refused.")).to_be_visible()
    page.get_by_role("link", name="Open the study").click()
    expect(page.get_by_role("article")).to_have_count(1)


def test_forty_images_go_in_while_somebody_else_watches_the_patient_fill(
    browsing, user, patient, worker
):
    colleague = UserFactory(clinic=user.clinic)
    watching = browsing.of(colleague)
    watching.goto(patient.get_absolute_url())
    expect(watching.get_by_role("heading", name="No studies yet")).to_be_visible()
    uploading = browsing.of(user)
    open_for(uploading, patient)
    uploading.get_by_label("Description").fill("Forty slices")
    choose(uploading, *[file(f"{n:02}.png", pictures.png(seed=n)) for n in range(40)])
    start(uploading)
    worker()
    entry = watching.get_by_role("article")
    expect(entry).to_contain_text("Forty slices")
    done(uploading, "40 files: 40 received")
    expect(entry).to_contain_text("40 images", timeout=30_000)
    expect(entry).to_contain_text("Analyzed", timeout=60_000)
    expect(entry.locator(".ns-thumb-ai")).to_have_count(24)
    expect(entry).to_contain_text("16 more images")
    assert Study.objects.count() == 1
    assert Image.objects.count() == 40
    watching.wait_for_timeout(500)
    before = browsing.asked_for("/entry/")
    watching.wait_for_timeout(4500)
    assert browsing.asked_for("/entry/") == before  # the quick poller has stopped


def padded(content: bytes, *, size: int) -> bytes:
    """The same picture in a file of this size: what follows the end of a PNG is not read."""
    return content + bytes(size - len(content))


def test_forty_files_of_one_size_stand_three_times_as_they_were_chosen(page, user, release, jitter):
    page.route("**/upload/file/", jitter)  # the network delivers them in another order
    for round_ in range(3):
        patient = PatientFactory(created_by=user, mrn=f"M-{round_}")
        files = {
            f"IM{n}.png": padded(pictures.png(seed=1000 * round_ + n), size=40_000)
            for n in range(1, 41)
        }
        open_for(page, patient)
        # The dialog hands them over by the alphabet: IM1, IM10, IM11, ... IM2.
        choose(page, *[file(name, files[name]) for name in sorted(files)])
        start(page)
        expect(page.locator("[data-totals]")).to_have_text("40 files: 40 received", timeout=240_000)
        images = Image.objects.filter(patient=patient).order_by("number")
        assert [image.instance.filename for image in images] == [f"IM{n}.png" for n in range(1, 41)]
        for image in images:
            name = image.instance.filename
            assert image.instance.file.read() == files[name], f"{name} was swapped"


@pytest.fixture
def jitter():
    """Holds every third request back for a moment, so that others overtake it."""
    seen = []

    def hold(route):
        seen.append(route)
        if len(seen) % 3 == 1:
            route.request.frame.page.wait_for_timeout(30)
        route.continue_()

    return hold


def test_a_double_click_on_upload_cancels_nothing(page, patient):
    held = []
    is_slow = [True]
    page.route(
        "**/upload/file/",
        lambda route: held.append(route) if is_slow else route.continue_(),
    )
    open_for(page, patient)
    choose(page, *[file(f"{n}.png", pictures.png(seed=n)) for n in range(10)])
    upload = page.get_by_role("button", name="Upload", exact=True)
    page.mouse.dblclick(*expect_pressable(page, upload), delay=40)
    cancel = page.get_by_role("button", name="Cancel the remaining files")
    expect(cancel).to_be_disabled()
    expect(cancel).to_be_enabled(timeout=3000)
    is_slow.clear()
    for route in held:
        route.continue_()
    done(page, "10 files: 10 received")


def test_a_double_click_on_upload_stays_on_the_page_when_all_is_sent_at_once(page, patient):
    open_for(page, patient)
    choose(page, file("a.png", pictures.png()))
    upload = page.get_by_role("button", name="Upload", exact=True)
    at = expect_pressable(page, upload)
    page.mouse.click(*at)
    page.wait_for_selector("[data-state=received]")
    page.mouse.click(*at)  # where the link to the study will stand
    done(page, "1 file: 1 received")
    expect(page.get_by_role("link", name="Open the study")).to_be_visible()
    assert page.url.endswith(f"/upload/?patient={patient.pk}")


def test_on_a_phone_the_files_are_first_and_upload_is_in_sight(page, patient):
    page.set_viewport_size({"width": 390, "height": 844})
    open_for(page, patient)
    for name in ("Choose files", "Choose a folder"):
        expect_pressable(page, page.locator("label.btn", has_text=name))
    patient_at = page.locator(".ns-upload-facts").bounding_box()["y"]
    assert page.locator("[data-drop]").bounding_box()["y"] < patient_at
    choose(page, *(file(f"{n}.png", pictures.png(seed=n)) for n in range(12)))
    # The list of many files stands between nobody and the patient.
    assert page.locator("[data-rows]").bounding_box()["y"] > patient_at
    upload = page.get_by_role("button", name="Upload", exact=True)
    press(page, upload)
    done(page, "12 files: 12 received")
    expect_pressable(page, page.get_by_role("link", name="Open the study"))


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800)], ids=str)
def test_files_and_registering_a_patient_are_in_the_first_window(page, user, size):
    ReleaseFactory(states_series=True)
    PatientFactory(created_by=user, family_name="Lund")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("/upload/")
    for name in ("Choose files", "Choose a folder"):
        expect_pressable(page, page.locator("label.btn", has_text=name))
    expect_pressable(page, page.get_by_role("button", name="Upload", exact=True))
    page.get_by_role("combobox", name="Patient").click()
    expect(page.get_by_role("option", name="Lund")).to_be_visible()
    register = page.get_by_role("link", name="Register a new patient")
    page.mouse.click(*expect_pressable(page, register))
    expect(page.get_by_role("dialog", name="Register a patient")).to_be_visible()


def test_a_file_that_names_another_patient_waits_for_a_word_and_is_then_sent(page, patient):
    open_for(page, patient)
    mine = slice_of(number=1, PatientName="Lund^Eva")
    other = slice_of(number=2, PatientName="Berg^Ida")
    choose(page, file("1.dcm", mine), file("2.dcm", other))
    start(page)
    done(page, "2 files: 1 received, 1 that name another patient")
    expect(row(page, "2.dcm")).to_contain_text("Not kept yet. The file names another patient")
    expect(row(page, "2.dcm")).to_contain_text("name Berg, Ida, not Lund, Eva")
    assert Image.objects.count() == 1
    page.get_by_role("button", name="These are of this patient: send them").click()
    done(page, "2 files: 2 received")
    assert Study.objects.get().series.get().images.count() == 2
    assert str(Study.objects.get().study_date) == "2026-01-02"
