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
using ByteLabels = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Row = nb::ndarray<uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Covariates = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using PairCounts = nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

static void cube_patterns(Mask mask, Counts counts, Sums sums) {
    const int64_t shape[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cube_patterns(mask.data(), shape, counts.data(), sums.data());
}

static void pam(Distances distances, Integers items, Integers k, Workspace workspace, Medoids medoids, Labels labels,
                Table objective) {
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

static void cox_likelihood(Covariates covariates, Doubles time, Flags event, Integers bounds, bool efron, Doubles coefficients,
                           Workspace result, Workspace workspace) {
    const radiotype::CoxProblem problem{covariates.data(), int64_t(covariates.shape(0)), int64_t(covariates.shape(1)), time.data(),
                                        event.data(), bounds.data(), int64_t(bounds.shape(0)) - 1, efron};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cox_likelihood(problem, coefficients.data(), result.data(), workspace.data());
}

static void concordant_pairs(Doubles time, Flags event, Integers rank, Doubles weight, Integers bounds, Table later, Table earlier,
                             Workspace tree) {
    const radiotype::PairProblem problem{time.data(), event.data(), rank.data(), weight.data(), bounds.data(),
                                         int64_t(bounds.shape(0)) - 1};
    nb::gil_scoped_release release;
    radiotype::active_kernels().concordant_pairs(problem, later.data(), earlier.data(), tree.data());
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
    m.def("concordant_pairs", &concordant_pairs, "time"_a, "event"_a, "rank"_a, "weight"_a, "bounds"_a, "later"_a, "earlier"_a, "tree"_a,
          "Fill `later` (n_cases, 3) in the rows of events and `earlier` (n_cases, 2) with the pairs that a score orders.");
    m.attr("COX_LANES") = radiotype::COX_LANES;
    m.def("cox_workspace", &radiotype::cox_workspace, "n_cases"_a, "n_events"_a, "width"_a,
          "Length of the float64 scratch that `cox_likelihood` needs.");
    m.def("cox_likelihood", &cox_likelihood, "covariates"_a, "time"_a, "event"_a, "bounds"_a, "efron"_a, "coefficients"_a, "result"_a,
          "workspace"_a, "Fill `result` with the partial log-likelihood, its gradient and minus its Hessian.");
}
