# The toolchain for arm64 on another machine: Debian's cross compiler, and the libraries of SEXTANT_SYSROOT
# (deploy/image/sysroot). What runs while building (protoc, bpftool, clang for BPF) is this machine's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT ${SEXTANT_SYSROOT})
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${SEXTANT_SYSROOT}/kernel)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SEXTANT_SYSROOT)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${SEXTANT_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${SEXTANT_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${SEXTANT_SYSROOT}/usr/share/pkgconfig)
