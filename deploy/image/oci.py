"""An OCI image layout (image-spec v1.1) of one or several architectures, written without an engine."""
import gzip
import hashlib
import io
import json
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def layer_of(root, epoch):
    """A tar of a folder. The same files give the same bytes: sorted, of root, at one time, and written by nobody."""

    def plain(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        if not entry.issym():
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(root)), recursive=False, filter=plain)
    return data.getvalue()


class Layout:
    """A folder that skopeo, podman, crane and a registry's push read."""

    def __init__(self, folder):
        self.folder = folder
        self.manifests = []
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def _blob(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def _json(self, media_type, value):
        return self._blob(media_type, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())

    def add(self, architecture, layer, created, labels):
        """One architecture's image; returns its compressed size in bytes."""
        packed = self._blob(LAYER, gzip.compress(layer, 9, mtime=0))
        config = self._json(CONFIG, {
            "architecture": architecture, "os": "linux", "created": created,
            "config": {"Entrypoint": ["/usr/bin/sextantd"], "User": "0:0", "Labels": labels,
                       "Env": ["PATH=/usr/bin"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
            "history": [{"created": created, "created_by": "deploy/image/build"}]})
        manifest = self._json(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [packed],
                                         "annotations": labels})
        self.manifests.append(manifest | {"platform": {"architecture": architecture, "os": "linux"}})
        return packed["size"] + config["size"] + manifest["size"]

    def finish(self, tag):
        """Names the image, an index of all architectures; returns its digest."""
        index = self._json(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests})
        named = index | {"annotations": {"org.opencontainers.image.ref.name": tag}}
        (self.folder / "index.json").write_text(
            json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}))
        return index["digest"]
