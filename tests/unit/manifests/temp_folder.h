// A folder of the test's own, gone when the test ends, and the few things that tests do with files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sextant::manifests::test {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sextant-manifests-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // Makes the folders on the way.
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    return file;
  }

 private:
  std::filesystem::path path_{};
};

// As many empty files, with names in order: "f100000.yaml"...
inline void write_many(const std::filesystem::path& folder, std::size_t count) {
  const auto name = [&](std::size_t i) { return folder / ("f" + std::to_string(100'000 + i) + ".yaml"); };
  std::ofstream(name(0)).flush();
  for (std::size_t i = 1; i < count; ++i) std::filesystem::create_hard_link(name(0), name(i));  // cheaper than files
}

// Makes this many events of inotify for whoever watches the folder.
inline void make_events(const std::filesystem::path& folder, std::size_t count) {
  const std::filesystem::path files[] = {folder / "x", folder / "y"};
  for (const auto& file : files) std::ofstream(file).flush();
  // By turns, for equal events in a row are merged.
  for (std::size_t i = 0; i < count; ++i) std::filesystem::permissions(files[i % 2], std::filesystem::perms::owner_all);
}

// What an unprivileged user is allowed: root may read everything.
class Unprivileged {
 public:
  Unprivileged() : changed_(::geteuid() == 0 && ::seteuid(65'534) == 0) {}
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_ = false;
};

inline std::string policy(std::string_view name, std::string_view spec = "endpointSelector: {}") {
  return "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " + std::string(name) +
         ", namespace: shop}\nspec: {" + std::string(spec) + "}\n";
}

inline std::string ns(std::string_view name) {
  return "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + std::string(name) + "}\n";
}

}  // namespace sextant::manifests::test
