// The arrays that entry points take, and what they refuse: shapes that do not fit together, and places that do not exist.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace nb = nanobind;
using Mask = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<int64_t, nb::shape<256>, nb::c_contig, nb::device::cpu>;
using Sums = nb::ndarray<int64_t, nb::shape<256, 3>, nb::c_contig, nb::device::cpu>;
using Distances = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using NarrowDistances = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Workspace = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Medoids = nb::ndarray<int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Labels = nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ByteLabels = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Objective = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Positions = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Row = nb::ndarray<uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Covariates = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Vertices = nb::ndarray<const double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Quads = nb::ndarray<const int32_t, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;
using Triangles = nb::ndarray<const int32_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Order = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Points = nb::ndarray<double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using IntegerScratch = nb::ndarray<int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FloatScratch = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using PairCounts = nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Voxels = nb::ndarray<uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Distance = nb::ndarray<float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Spacing = nb::ndarray<const double, nb::shape<3>, nb::c_contig, nb::device::cpu>;
using Heap = nb::ndarray<uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Layers = nb::ndarray<int32_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Box = nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Columns = nb::ndarray<const int64_t, nb::shape<-1, 2>, nb::c_contig, nb::device::cpu>;
using Groups = nb::ndarray<const int64_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Sides = nb::ndarray<uint8_t, nb::shape<2, -1>, nb::c_contig, nb::device::cpu>;
using Corner = nb::ndarray<const int64_t, nb::shape<3>, nb::c_contig, nb::device::cpu>;
using Lanes = nb::ndarray<double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Words = nb::ndarray<uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Pointers = nb::ndarray<uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Whole = nb::ndarray<int32_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using ReadWhole = nb::ndarray<const int32_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Whole64 = nb::ndarray<int64_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using ReadLabels = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Intensities = nb::ndarray<const double, nb::ndim<3>, nb::device::cpu>;
using Levels = nb::ndarray<uint16_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using ValueCounts = nb::ndarray<int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

using SetColumns = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

using LevelArray = nb::ndarray<const uint16_t, nb::ndim<3>, nb::device::cpu>;
using LevelMap = nb::ndarray<const uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Buffer = nb::ndarray<nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using ReadBuffer = nb::ndarray<nb::ro, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Lines = nb::ndarray<int32_t, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;
using ReadLines = nb::ndarray<const int32_t, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;
using Tables = nb::ndarray<uint32_t, nb::c_contig, nb::device::cpu>;
using WideTables = nb::ndarray<uint64_t, nb::c_contig, nb::device::cpu>;
using ReadDistances16 = nb::ndarray<const uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Distances16 = nb::ndarray<uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Zones = nb::ndarray<int32_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using LevelCounts = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline void need(bool fits, const char* otherwise) {
    if (!fits) throw nb::value_error(otherwise);
}

template <class Array> int64_t extent(const Array& array, size_t axis) { return int64_t(array.shape(axis)); }

// Whether an array has this shape; -1 stands for any size.
template <class Array> bool has_shape(const Array& array, std::initializer_list<int64_t> shape) {
    if (array.ndim() != shape.size()) return false;
    size_t axis = 0;
    for (const int64_t n : shape)
        if (extent(array, axis++) != n && n != -1) return false;
    return true;
}

template <class A, class B> bool same_shape(const A& a, const B& b) {
    if (a.ndim() != b.ndim()) return false;
    for (size_t axis = 0; axis < a.ndim(); ++axis)
        if (a.shape(axis) != b.shape(axis)) return false;
    return true;
}

// Whether an array holds grey levels as texture_pack() makes them: numbers from 0 on, of one or two bytes.
template <class Array> bool holds_levels(const Array& array) {
    return array.dtype() == nb::dtype<uint8_t>() || array.dtype() == nb::dtype<uint16_t>();
}

// Whether all numbers of an array lie in low .. end - 1.
template <class Array> bool all_within(const Array& array, int64_t low, int64_t end) {
    bool inside = true;
    for (size_t i = 0; i < array.size(); ++i) inside &= int64_t(array.data()[i]) >= low && int64_t(array.data()[i]) < end;
    return inside;
}

// Whether numbers rise, from 0 at least to n at most: where each of the parts of n things begins, then where the last ends.
template <class Array> bool are_bounds(const Array& bounds, int64_t n) {
    if (bounds.size() == 0 || !all_within(bounds, 0, n + 1)) return false;
    for (size_t i = 1; i < bounds.size(); ++i)
        if (bounds.data()[i] < bounds.data()[i - 1]) return false;
    return true;
}

// A function that tells a length, for sizes of arrays that there can be.
template <auto of, int64_t most = int64_t(1) << 30> struct Length;
template <class... Sizes, int64_t (*of)(Sizes...), int64_t most> struct Length<of, most> {
    static int64_t checked(Sizes... sizes) {
        need(((int64_t(sizes) >= 0 && int64_t(sizes) <= most) && ...), "a size is below 0 or larger than any array");
        return of(sizes...);
    }
};
