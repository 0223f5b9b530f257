// Python bindings. Checks nothing that Python has already checked; releases the GIL around every kernel.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "levels.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using Mask = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<int64_t, nb::shape<256>, nb::c_contig, nb::device::cpu>;
using Sums = nb::ndarray<int64_t, nb::shape<256, 3>, nb::c_contig, nb::device::cpu>;
using Distances = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Workspace = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Medoids = nb::ndarray<int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Labels = nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Objective = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ByteLabels = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Row = nb::ndarray<uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Vertices = nb::ndarray<const double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Quads = nb::ndarray<const int32_t, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;
using Order = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Points = nb::ndarray<double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using IntegerScratch = nb::ndarray<int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using PairCounts = nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

static void cube_patterns(Mask mask, Counts counts, Sums sums) {
    const int64_t shape[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cube_patterns(mask.data(), shape, counts.data(), sums.data());
}

static void pam(Distances distances, Integers items, Integers k, Workspace workspace, Medoids medoids, Labels labels,
                Objective objective) {
    const radiotype::PamProblem problem{distances.data(), int64_t(distances.shape(0)), items.data(), int64_t(items.shape(0)),
                                        k.data(), int64_t(k.shape(0))};
    const radiotype::PamResult result{medoids.data(), labels.data(), objective.data()};
    nb::gil_scoped_release release;
    radiotype::active_kernels().pam(problem, result, workspace.data());
}

static void cocluster(ByteLabels labels, Row row, PairCounts counts) {
    const int64_t n_resamples = int64_t(labels.shape(0)), n_cases = int64_t(labels.shape(1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().cocluster(labels.data(), n_resamples, n_cases, row.data(), counts.data());
}

static int64_t sphere_map(Vertices vertices, Quads quads, Order order, bool long_diagonals, Points points, IntegerScratch integers,
                          Workspace doubles) {
    const radiotype::SphereProblem problem{vertices.data(), int64_t(vertices.shape(0)), quads.data(), int64_t(quads.shape(0)),
                                           order.data(), long_diagonals};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().sphere_map(problem, points.data(), integers.data(), doubles.data());
}

NB_MODULE(_native, m) {
    m.doc() = "Compiled kernels of radiotype.";
    m.def("simd_level", [] { return radiotype::active_kernels().level; }, "The level in use: base, avx2 or avx512.");
    m.def("cube_patterns", &cube_patterns, "mask"_a, "counts"_a, "sums"_a,
          "Fill `counts` (256,) and `sums` (256, 3) with the corner patterns of a binary mask (I, J, K).");
    m.def("pam_workspace", &radiotype::pam_workspace, "n_items"_a, "largest_k"_a, "Length of the float64 scratch that `pam` needs.");
    m.def("pam", &pam, "distances"_a, "items"_a, "k"_a, "workspace"_a, "medoids"_a, "labels"_a, "objective"_a,
          "Partition the cases `items` around medoids for every k; fill `medoids`, `labels` and `objective`.");
    m.def("cocluster", &cocluster, "labels"_a, "row"_a, "counts"_a,
          "Add to `counts` how often two cases share a label in up to 255 resamples; 255 marks a case that was not drawn.");
    m.def("sphere_integers", &radiotype::sphere_integers, "n_vertices"_a, "Length of the int32 scratch that `sphere_map` needs.");
    m.def("sphere_doubles", &radiotype::sphere_doubles, "n_vertices"_a, "Length of the float64 scratch that `sphere_map` needs.");
    m.def("sphere_map", &sphere_map, "vertices"_a, "quads"_a, "order"_a, "long_diagonals"_a, "points"_a, "integers"_a, "doubles"_a,
          "Fill `points` (n, 3) with the vertices spread over the unit sphere; the number of sweeps, or a negative number.");
}
