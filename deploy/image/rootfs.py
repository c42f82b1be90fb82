"""The image's file tree: the two programs, the libraries that they load, and those libraries' licences."""
import pathlib
import re
import shutil
import subprocess

PROGRAMS = ("sextantd", "sextant")
# By e_machine of the ELF header (elf.h): the image's architecture, Debian's name for its folder of libraries.
MACHINES = {62: ("amd64", "x86_64-linux-gnu"), 183: ("arm64", "aarch64-linux-gnu")}
MACHINES_BY_NAME = dict(MACHINES.values())
# Mount points of the DaemonSet, and what a runtime puts into a container: on a read-only root they must be there.
FOLDERS = ("dev", "etc/sextant", "host/cgroup", "proc", "run/sextant", "sys", "tmp", "var/lib/sextant")


def machine_of(program):
    """The image architecture and the library folder of an ELF file."""
    header = program.read_bytes()[:20]
    if header[:4] != b"\x7fELF" or int.from_bytes(header[18:20], "little") not in MACHINES:
        raise SystemExit(f"{program}: no ELF program for amd64 or arm64")
    return MACHINES[int.from_bytes(header[18:20], "little")]


def own_architecture():
    return machine_of(pathlib.Path("/bin/sh"))[0]


def _readelf(*arguments):
    return subprocess.run(["readelf", "-W", *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True).stdout


def _needed(file):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", _readelf("-d", file))


def _interpreter(program):
    found = re.search(r"program interpreter: (.+)\]", _readelf("-l", program))
    return found.group(1) if found else None


def libraries(programs, sysroot):
    """What the programs load, and what that loads: a library's name -> its file. ELF is read, nothing is run, so
    another architecture's programs do as well."""
    _, folder = machine_of(programs[0])
    places = [sysroot / "usr/lib" / folder, sysroot / "lib" / folder]
    found, todo = {}, list(programs)
    while todo:
        user = todo.pop()
        for name in _needed(user):
            if name in found:
                continue
            file = next((place / name for place in places if (place / name).exists()), None)
            if file is None:
                raise SystemExit(f"{user} needs {name}, which is in none of {', '.join(map(str, places))}")
            found[name] = file.resolve()
            todo.append(found[name])
    return found


def _package_of(name):
    """The Debian package of a library, by its name. It is the same for every architecture, so this machine's is asked: a
    sysroot that was only unpacked has no list of files. dpkg knows a merged /usr by either name."""
    if name.startswith("ld-linux-"):
        name = "libc.so.6"  # its loader, whose name is the architecture's
    own = MACHINES_BY_NAME[own_architecture()]
    for path in (f"/usr/lib/{own}/{name}", f"/lib/{own}/{name}"):
        told = subprocess.run(["dpkg", "-S", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if told.returncode == 0:
            return told.stdout.split(":")[0]
    raise SystemExit(f"{name} is of no Debian package here: its licence is not known")


def _copy_licences(names, sysroot, root, project):
    for package in sorted({_package_of(name) for name in names}):
        target = root / "usr/share/doc" / package / "copyright"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sysroot / "usr/share/doc" / package / "copyright", target)
    own = root / "usr/share/doc/sextant/copyright"
    own.parent.mkdir(parents=True)
    shutil.copyfile(project / "LICENSE", own)


def make(binaries, sysroot, root, project):
    """Fills `root`, which must be empty, and returns the image's architecture."""
    architecture, folder = machine_of(binaries / PROGRAMS[0])
    for name in FOLDERS + ("usr/bin", f"usr/lib/{folder}", "usr/lib64"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    programs = []
    for name in PROGRAMS:
        programs.append(root / "usr/bin" / name)
        shutil.copyfile(binaries / name, programs[-1])
        strip = shutil.which(f"{folder}-strip") or "strip"  # each binutils knows its own architecture
        subprocess.run([strip, str(programs[-1])], check=True)
        programs[-1].chmod(0o755)
    found = libraries(programs, sysroot)
    for name, file in found.items():
        shutil.copyfile(file, root / "usr/lib" / folder / name)
    loader = _interpreter(programs[0])  # glibc's, and a library too
    target = root / ("usr" + loader)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile((sysroot / loader.lstrip("/")).resolve(), target)
    target.chmod(0o755)
    _copy_licences(found, sysroot, root, project)  # the loader's is libc.so.6's
    return architecture
