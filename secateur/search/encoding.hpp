// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/core/names.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::search {

static_assert(std::endian::native == std::endian::little, "files are stored as the machine stores its numbers");

/// Numbers, texts and lists one behind the other; a list's length stands before it. Structs have an operator<< of their
/// own in this namespace.
class Writer {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  Writer& operator<<(T value) {
    m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);  // NOLINT(*-reinterpret-cast)
    return *this;
  }
  Writer& operator<<(const std::string& text) {
    *this << static_cast<Index>(text.size());
    m_bytes += text;
    return *this;
  }
  template <class T>
  Writer& operator<<(const std::vector<T>& list) {
    *this << static_cast<Index>(list.size());
    for (const T& value : list) *this << value;
    return *this;
  }
  Writer& operator<<(const Vector& vector) {
    *this << vector.size();
    for (const double value : vector) *this << value;
    return *this;
  }
  Writer& operator<<(const Matrix& matrix) {
    *this << matrix.rows() << matrix.cols();
    for (Index i = 0; i < matrix.rows(); ++i) {
      for (Index j = 0; j < matrix.cols(); ++j) *this << matrix(i, j);
    }
    return *this;
  }

  [[nodiscard]] const std::string& bytes() const { return m_bytes; }

 private:
  std::string m_bytes;
};

/// A file of such numbers: a line that names kind, format and version, a line that says whose it is, a hash of
/// everything else, and the numbers.
struct FileKind {
  std::string_view name;    ///< "checkpoint"
  std::string_view format;  ///< changes with the meaning of anything that is stored
  std::string_view noun;    ///< in messages: "a checkpoint"
  std::string_view remedy;  ///< "remove it to start anew"
};
/// Bytes of the smallest value of a type: one whose lists are empty.
template <class T>
Index least_bytes() {
  static const Index bytes = [] {
    Writer out;
    out << T{};
    return static_cast<Index>(out.bytes().size());
  }();
  return bytes;
}

/// Throws InputError: the file is damaged, and how that shows.
[[noreturn]] void refuse_damaged(const FileKind& kind, const std::string& file, const std::string& how,
                                 const std::string& where = {});

/// What a Writer has written, from the end of a file. Throws InputError (with file and byte) when bytes are missing, a
/// number is none of its kind, or a list could not fit into what is left: so nothing takes much more memory than its
/// bytes.
class Reader {
 public:
  /// `kind` has to outlive it. `before`: bytes of the file that come before.
  Reader(const FileKind& kind, std::string file, std::string_view bytes, Index before)
      : m_kind(kind), m_file(std::move(file)), m_left(bytes), m_size(before + left()) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  Reader& operator>>(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      unsigned char byte = 0;
      *this >> byte;
      if (byte > 1) refuse_choice(byte, 2, sizeof byte);
      value = byte == 1;
    } else {
      if (m_left.size() < sizeof value) refuse_short(sizeof value);
      std::array<char, sizeof(T)> raw;
      m_left.copy(raw.data(), raw.size());
      m_left.remove_prefix(raw.size());
      value = std::bit_cast<T>(raw);
    }
    return *this;
  }
  /// An enumerator with a name (core/names.hpp).
  template <class T>
    requires std::is_enum_v<T>
  Reader& operator>>(T& value) {
    std::underlying_type_t<T> number = 0;
    *this >> number;
    const std::size_t names = Names<T>::value.size();
    if (number < 0 || static_cast<std::size_t>(number) >= names) refuse_choice(number, names, sizeof number);
    value = static_cast<T>(number);
    return *this;
  }
  Reader& operator>>(std::string& text) {
    const auto length = static_cast<std::size_t>(count(1));
    text = m_left.substr(0, length);
    m_left.remove_prefix(length);
    return *this;
  }
  template <class T>
  Reader& operator>>(std::vector<T>& list) {
    list.resize(static_cast<std::size_t>(count(least_bytes<T>())));
    for (T& value : list) *this >> value;
    return *this;
  }
  Reader& operator>>(Vector& vector) {
    vector.resize(count(sizeof(double)));
    for (double& value : vector) *this >> value;
    return *this;
  }
  Reader& operator>>(Matrix& matrix) {
    const Index rows = count(sizeof(double));
    const Index columns = count(static_cast<Index>(sizeof(double)) * std::max<Index>(rows, 1));
    matrix.resize(rows, columns);
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) *this >> matrix(i, j);
    }
    return *this;
  }

  /// Throws unless everything has been read.
  void end() const;

 private:
  [[nodiscard]] Index left() const { return static_cast<Index>(m_left.size()); }
  /// A length, of entries that take so many bytes at least.
  Index count(Index bytes) {
    Index value = 0;
    *this >> value;
    if (value < 0 || value > left() / bytes) refuse_count(value, bytes);
    return value;
  }
  [[noreturn]] void refuse(const std::string& how, std::size_t back) const;
  [[noreturn]] void refuse_short(std::size_t bytes) const;
  [[noreturn]] void refuse_choice(std::int64_t number, std::size_t choices, std::size_t bytes) const;
  [[noreturn]] void refuse_count(Index count, Index bytes) const;

  const FileKind& m_kind;
  const std::string m_file;
  std::string_view m_left;
  const Index m_size;  ///< of the file
};

/// Every number of a network that has a part in what it computes.
void put_network(Writer& out, const nn::Network& network);

std::string seal(const FileKind& kind, const std::string& whose, const std::string& body);
/// `body` reads from the bytes. Throws InputError (with `file`) for bytes that are of another kind, format or version,
/// cut off or changed.
struct Unsealed {
  std::string whose;
  Reader body;
};
Unsealed unseal(const FileKind& kind, std::string_view bytes, const std::string& file);

}  // namespace secateur::search
