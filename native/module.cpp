// Python bindings. Checks nothing that Python has already checked; releases the GIL around every kernel.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "levels.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using Mask = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<int64_t, nb::shape<256>, nb::c_contig, nb::device::cpu>;
using Sums = nb::ndarray<int64_t, nb::shape<256, 3>, nb::c_contig, nb::device::cpu>;

static void cube_patterns(Mask mask, Counts counts, Sums sums) {
    const int64_t shape[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cube_patterns(mask.data(), shape, counts.data(), sums.data());
}

NB_MODULE(_native, m) {
    m.doc() = "Compiled kernels of radiotype.";
    m.def("simd_level", [] { return radiotype::active_kernels().level; }, "The level in use: base, avx2 or avx512.");
    m.def("cube_patterns", &cube_patterns, "mask"_a, "counts"_a, "sums"_a,
          "Fill `counts` (256,) and `sums` (256, 3) with the corner patterns of a binary mask (I, J, K).");
}
