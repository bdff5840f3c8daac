"""What is accepted in an association: verification, and storage of every kind of object.

Every storage class of the standard, and private and newer ones as they are proposed: what is no
image is kept with its study as well. The transfer syntaxes are those that are read.
"""

import re
import threading

from pydicom.uid import UID
from pynetdicom import build_context, sop_class
from pynetdicom.association import Association
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.sop_class import register_uid, uid_to_service_class

from scans import ingest

_MOST_OTHERS = 500  # classes that the library does not know, in the life of the process
_VERIFICATION = UID("1.2.840.10008.1.1")
_VERIFICATION_SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]
_lock = threading.Lock()
_others: set[str] = set()


def storage_classes() -> dict[UID, str]:
    """Return the SOP classes of storage that the standard names, each with its name."""
    classes = (context.abstract_syntax for context in AllStoragePresentationContexts)
    return {uid: _name_of(uid) for uid in classes if uid is not None}


def supported_contexts() -> list[PresentationContext]:
    """Return what every association may use."""
    syntaxes = list(ingest.transfer_syntaxes())
    storage = [build_context(uid, syntaxes) for uid in storage_classes()]
    return [build_context(_VERIFICATION, _VERIFICATION_SYNTAXES), *storage]


def support_others(association: Association) -> None:
    """Let an association that was requested store objects of private and newer classes too."""
    proposal = association.requestor.primitive
    if proposal is None:
        return
    proposed = {cx.abstract_syntax for cx in proposal.presentation_context_definition_list}
    others = [uid for uid in proposed if uid is not None and _is_other_storage(uid)]
    syntaxes = list(ingest.transfer_syntaxes())
    association.acceptor.supported_contexts = [
        *association.acceptor.supported_contexts,
        *(build_context(uid, syntaxes) for uid in others),
    ]


def _name_of(uid: UID) -> str:
    """The name that PS3.6 gives it; of a newer class the keyword, as words."""
    if uid.name != uid:
        return uid.name
    keyword = next((name for name, known in sop_class._STORAGE_CLASSES.items() if known == uid), "")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", keyword) or str(uid)


def _is_other_storage(uid: UID) -> bool:
    """Whether a class that is no known service can be stored; it is registered then."""
    with _lock:
        if uid in _others:
            return True
        is_known = uid_to_service_class(uid) is not ServiceClass
        names_another = not uid.is_private and hasattr(sop_class, uid.keyword or "-")
        if is_known or names_another or not uid.is_valid or len(_others) >= _MOST_OTHERS:
            return False
        register_uid(uid, f"OtherStorage{len(_others)}", StorageServiceClass)
        _others.add(str(uid))
        return True
