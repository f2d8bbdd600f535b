// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
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

/// The same in return. Throws std::out_of_range when bytes are missing, or a number is none of its kind.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : m_left(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  Reader& operator>>(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      unsigned char byte = 0;
      *this >> byte;
      if (byte > 1) throw std::out_of_range("encoding");
      value = byte == 1;
    } else {
      if (m_left.size() < sizeof value) throw std::out_of_range("encoding");
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
    if (number < 0 || static_cast<std::size_t>(number) >= Names<T>::value.size()) throw std::out_of_range("encoding");
    value = static_cast<T>(number);
    return *this;
  }
  Reader& operator>>(std::string& text) {
    const auto length = static_cast<std::size_t>(count());
    text = m_left.substr(0, length);
    m_left.remove_prefix(length);
    return *this;
  }
  template <class T>
  Reader& operator>>(std::vector<T>& list) {
    list.resize(static_cast<std::size_t>(count()));
    for (T& value : list) *this >> value;
    return *this;
  }
  Reader& operator>>(Vector& vector) {
    vector.resize(count());
    for (double& value : vector) *this >> value;
    return *this;
  }
  Reader& operator>>(Matrix& matrix) {
    const Index rows = count(), columns = count();
    if (columns > 0 && rows > left() / columns) throw std::out_of_range("encoding");
    matrix.resize(rows, columns);
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) *this >> matrix(i, j);
    }
    return *this;
  }

  [[nodiscard]] Index left() const { return static_cast<Index>(m_left.size()); }

 private:
  /// A length: every entry takes at least a byte.
  Index count() {
    Index value = 0;
    *this >> value;
    if (value < 0 || value > left()) throw std::out_of_range("encoding");
    return value;
  }

  std::string_view m_left;
};

/// Every number of a network that has a part in what it computes.
void put_network(Writer& out, const nn::Network& network);

/// A file of such numbers: a line that names kind, format and version, a line that says whose it is, a hash of
/// everything else, and the numbers.
struct FileKind {
  std::string_view name;    ///< "checkpoint"
  std::string_view format;  ///< changes with the meaning of anything that is stored
  std::string_view noun;    ///< in messages: "a checkpoint"
  std::string_view remedy;  ///< "remove it to start anew"
};
std::string seal(const FileKind& kind, const std::string& whose, const std::string& body);
/// `body` points into the bytes. Throws InputError (with `file`) for bytes that are of another kind, format or version,
/// cut off or changed.
struct Unsealed {
  std::string whose;
  std::string_view body;
};
Unsealed unseal(const FileKind& kind, std::string_view bytes, const std::string& file);
/// What unseal() throws where what is stored contradicts itself.
[[noreturn]] void refuse_damaged(const FileKind& kind, const std::string& file);

}  // namespace secateur::search
