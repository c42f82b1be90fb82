#include "agent/manifests/manifests.h"

#include <utility>

#include "agent/manifests/content.h"
#include "agent/manifests/folder.h"
#include "agent/manifests/shelf.h"

namespace sextant::manifests {
namespace {

void read_into(Shelf& shelf, const std::string& path) {
  auto file = read_file(path);
  if (file) {
    shelf.put(path, parse_content(file->text, path));
  } else {
    shelf.fail(path, file.error().what);
  }
}

Loaded loaded(const Shelf& shelf) {
  Shelf::Sum sum = shelf.sum();
  Loaded loaded{.problems = std::move(sum.problems), .ignored = sum.ignored, .files = sum.files};
  loaded.objects.reserve(sum.objects.size());
  for (const auto& object : sum.objects) loaded.objects.push_back(*object);
  return loaded;
}

}  // namespace

std::string Problem::to_string() const { return (line == 0 ? file : file + ":" + std::to_string(line)) + ": " + cause; }

Result<Loaded> load(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return errno_failure(path.string(), error ? error.value() : ENOENT);
  Shelf shelf;
  if (!std::filesystem::is_directory(status)) {
    auto file = read_file(path.string());
    if (!file) return because(path.string(), file.error());
    shelf.put(path.string(), parse_content(file->text, path.string()));
    return loaded(shelf);
  }
  const auto unwatched = [](const std::string&) {};
  auto tree = find_files(path, unwatched, unwatched);
  if (!tree) return because(path.string(), tree.error());
  for (const std::string& file : tree->files) read_into(shelf, file);
  Loaded all = loaded(shelf);
  all.problems.insert(all.problems.end(), tree->problems.begin(), tree->problems.end());
  return all;
}

Loaded load_text(std::string_view text, const std::string& name) {
  Shelf shelf;
  if (text.size() > kMaxFileBytes) {
    shelf.fail(name, "larger than " + std::to_string(kMaxFileBytes >> 20U) + " MiB");
  } else {
    shelf.put(name, parse_content(text, name));
  }
  return loaded(shelf);
}

}  // namespace sextant::manifests
