// Python bindings. Refuses what would lead out of an array (README.md says what is left to the caller); releases the GIL around every kernel.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>

#include "arrays.hpp"
#include "levels.hpp"

using namespace nb::literals;

// An array that is written to: another type or layout is refused, or a copy would be filled and lost.
static auto operator""_out(const char* name, size_t) { return nb::arg(name).noconvert(); }

static void cube_patterns(Mask mask, Counts counts, Sums sums) {
    const int64_t shape[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cube_patterns(mask.data(), shape, counts.data(), sums.data());
}

static void ball_sums(Box values, Columns columns, Groups groups, int64_t reach, int64_t reach_i, Corner first, Mask mask, double middle, double scale, bool ones,
                      Words scratch, Pointers lines, Whole sums) {
    need(reach >= 0 && reach <= 1 << 20 && reach_i >= 0 && reach_i <= 1 << 20, "reach: from 0 on");
    need(scratch.size() >= size_t(radiotype::ball_scratch(extent(values, 0), extent(values, 1), extent(values, 2), reach, reach_i)) &&
             lines.size() >= columns.shape(0) && same_shape(sums, mask), "scratch, lines, sums: too short, or not of the shape of the mask");
    for (size_t axis = 0; axis < 3; ++axis)
        need(first.data()[axis] >= 0 && first.data()[axis] <= extent(values, axis) - extent(mask, axis), "mask: beyond the values");
    for (size_t c = 0; c < columns.shape(0); ++c)
        need(columns(c, 0) >= 0 && columns(c, 0) <= reach_i && columns(c, 1) >= -(1 << 20) && columns(c, 1) <= 1 << 20, "columns: beyond reach_i");
    need(extent(groups, 0) <= reach + 1, "groups: more than lengths of columns");
    for (size_t g = 0; g < groups.shape(0); ++g)
        need(groups(g, 0) >= 0 && groups(g, 0) <= groups(g, 1) && groups(g, 1) <= extent(columns, 0) && groups(g, 2) >= 0 &&
                 groups(g, 2) <= reach, "groups: beyond the columns or the reach");
    const int64_t shape[3] = {int64_t(values.shape(0)), int64_t(values.shape(1)), int64_t(values.shape(2))};
    const int64_t own[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    const radiotype::BallProblem problem{values.data(), shape, columns.data(), int64_t(columns.shape(0)),
                                         groups.data(), int64_t(groups.shape(0)), reach, reach_i, first.data(), mask.data(), own, middle, scale, ones};
    const auto** pointers = reinterpret_cast<const uint32_t**>(lines.data());
    nb::gil_scoped_release release;
    radiotype::active_kernels().ball_sums(problem, scratch.data(), pointers, sums.data());
}

static bool fastest_last(const Intensities& values) { return values.size() == 0 || values.shape(2) == 1 || values.stride(2) == 1; }

static radiotype::IntensityBox intensity_box(const Intensities& values, const Mask& region, double lower, double upper) {
    need(fastest_last(values), "values: the last axis must be the fastest");
    need(!region.is_valid() || same_shape(values, region), "region: not of the shape of the values");
    return {values.data(), region.is_valid() ? region.data() : nullptr,
            {int64_t(values.shape(0)), int64_t(values.shape(1)), int64_t(values.shape(2))}, {values.stride(0), values.stride(1)},
            lower, upper};
}

static void correlate(Intensities values, int64_t axis, Doubles weights, Lanes out) {
    need(fastest_last(values), "values: the last axis must be the fastest");
    need(axis >= 0 && axis <= 2 && weights.size() > 0, "axis: from 0 to 2; weights: at least one");
    for (int64_t a = 0; a < 3; ++a)
        need(extent(out, size_t(a)) + (a == axis ? extent(weights, 0) - 1 : 0) == extent(values, size_t(a)), "out: not of the size of what is left");
    const int64_t step = axis == 2 ? 1 : values.stride(size_t(axis));
    const radiotype::CorrelateProblem problem{values.data(), {int64_t(out.shape(0)), int64_t(out.shape(1)), int64_t(out.shape(2))},
                                              {values.stride(0), values.stride(1)}, step, weights.data(), int64_t(weights.shape(0))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().correlate(problem, out.data());
}

static nb::tuple intensity_range(Intensities values, Mask region, double lower, double upper) {
    const radiotype::IntensityBox box = intensity_box(values, region, lower, upper);
    radiotype::IntensityRange found;
    {
        nb::gil_scoped_release release;
        radiotype::active_kernels().intensity_range(box, &found);
    }
    return nb::make_tuple(found.least, found.most, found.n, found.n_broken, found.whole);
}

static void intensity_levels(Intensities values, Mask region, double lower, double upper, std::tuple<double, double, double, double> rule, Voxels inside,
                             Levels levels) {
    need(same_shape(inside, values) && same_shape(levels, values), "inside, levels: not of the shape of the values");
    const radiotype::IntensityBox box = intensity_box(values, region, lower, upper);
    const radiotype::LevelRule how{std::get<0>(rule), std::get<1>(rule), std::get<2>(rule), std::get<3>(rule)};
    nb::gil_scoped_release release;
    radiotype::active_kernels().intensity_levels(box, how, inside.data(), levels.data());
}

static void intensity_counts(Intensities values, Mask region, double least, ValueCounts counts) {
    const radiotype::IntensityBox box = intensity_box(values, region, 0.0, 0.0);
    const int64_t tables = int64_t(counts.shape(0)), n_values = int64_t(counts.shape(1));
    need(tables > 0 && (tables & (tables - 1)) == 0, "counts: a power of two of tables");
    nb::gil_scoped_release release;
    radiotype::active_kernels().intensity_counts(box, least, tables, n_values, counts.data());
}

static void row_moments(Mask mask, Whole64 moments, Whole ends) {
    need(has_shape(moments, {extent(mask, 0), extent(mask, 1), 3}) && has_shape(ends, {extent(mask, 0), extent(mask, 1), 2}),
         "moments (I, J, 3), ends (I, J, 2): not of the shape of the mask");
    const int64_t n_rows = int64_t(mask.shape(0)) * int64_t(mask.shape(1)), n = int64_t(mask.shape(2));
    nb::gil_scoped_release release;
    radiotype::active_kernels().row_moments(mask.data(), n_rows, n, moments.data(), ends.data());
}

static void row_sums(Intensities values, Mask region, Lanes sums) {
    need(has_shape(sums, {extent(values, 0), extent(values, 1), 2}), "sums (I, J, 2): not of the shape of the values");
    const radiotype::IntensityBox box = intensity_box(values, region, 0.0, 0.0);
    nb::gil_scoped_release release;
    radiotype::active_kernels().row_sums(box, sums.data());
}

static int64_t hull_points(ReadWhole ends, Row bits, IntegerScratch stack, Labels points) {
    need(ends.shape(2) == 2 && bits.size() >= 2 * ends.size() && stack.size() >= ends.shape(0) && stack.size() >= ends.shape(1) &&
             points.shape(1) == 3 && points.shape(0) >= 5 * ends.size(), "ends (I, J, 2), or what is to be filled: of a wrong shape");
    const int64_t shape[2] = {int64_t(ends.shape(0)), int64_t(ends.shape(1))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().hull_points(ends.data(), shape, bits.data(), stack.data(), points.data());
}

static int64_t hull_faces(ReadLabels points, Row scratch, Labels triangles) {
    need(points.shape(1) == 3 && scratch.size() >= size_t(radiotype::hull_scratch(extent(points, 0))) && triangles.shape(1) == 3 &&
             triangles.shape(0) >= 2 * points.shape(0), "points (n, 3), scratch, triangles (2 n, 3): of a wrong shape");
    const int64_t n = int64_t(points.shape(0));
    nb::gil_scoped_release release;
    return radiotype::active_kernels().hull_faces(points.data(), n, scratch.data(), triangles.data());
}

static double largest_distance(Table points) {
    need(points.shape(0) == 3, "points: not (3, n)");
    const int64_t n = int64_t(points.shape(1));
    nb::gil_scoped_release release;
    return radiotype::active_kernels().largest_distance(points.data(), n);
}

static void pam(Distances distances, std::optional<NarrowDistances> narrow, Integers items, Integers k, Workspace workspace,
                Medoids medoids, Labels labels, Objective objective) {
    const int64_t n_cases = extent(distances, 0), n_items = extent(items, 0), n_k = extent(k, 0);
    need(has_shape(distances, {n_cases, n_cases}) && (!narrow || same_shape(*narrow, distances)), "distances: not (n_cases, n_cases)");
    need(all_within(items, 0, n_cases) && n_items <= n_cases, "items: no cases");
    need(n_k > 0 && all_within(k, 1, n_items) && are_bounds(k, n_items), "k: not ascending numbers from 1 to n_items - 1");
    need(has_shape(medoids, {n_k, k.data()[n_k - 1]}) && has_shape(labels, {n_k, n_items}) && has_shape(objective, {n_k, 2}) &&
             extent(workspace, 0) >= radiotype::pam_workspace(n_items, k.data()[n_k - 1], bool(narrow)),
         "medoids (n_k, largest k), labels (n_k, n_items), objective (n_k, 2), workspace: of a wrong shape");
    const radiotype::PamProblem problem{distances.data(), narrow ? narrow->data() : nullptr, int64_t(distances.shape(0)),
                                        items.data(), int64_t(items.shape(0)), k.data(), int64_t(k.shape(0))};
    const radiotype::PamResult result{medoids.data(), labels.data(), objective.data()};
    nb::gil_scoped_release release;
    radiotype::active_kernels().pam(problem, result, workspace.data());
}

static void cocluster(ByteLabels labels, Row row, PairCounts counts) {
    need(row.size() >= labels.shape(1) && has_shape(counts, {extent(labels, 1), extent(labels, 1)}) && labels.shape(0) <= 255,
         "row, counts (n_cases, n_cases): of a wrong shape; or more than 255 resamples");
    const int64_t n_resamples = int64_t(labels.shape(0)), n_cases = int64_t(labels.shape(1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().cocluster(labels.data(), n_resamples, n_cases, row.data(), counts.data());
}

static double two_means(Table values, Doubles scale, Columns starts, Sides sides, Workspace workspace) {
    need(scale.size() == values.shape(1) && all_within(starts, 0, extent(values, 0)), "scale: not a factor per feature; or starts: no cases");
    need(sides.shape(1) == values.shape(0) && extent(workspace, 0) >= radiotype::two_means_workspace(extent(values, 0), extent(values, 1)),
         "sides (2, n_cases), workspace: of a wrong shape");
    const radiotype::TwoMeansProblem problem{values.data(), int64_t(values.shape(0)), int64_t(values.shape(1)), scale.data(),
                                             starts.data(), int64_t(starts.shape(0))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().two_means(problem, sides.data(), workspace.data());
}

static int64_t corner_sets(Table points, int64_t lowest, int64_t found, Workspace errors, Medoids sets, LevelCounts order,
                           Workspace workspace, LevelCounts whole) {
    const int64_t n = extent(points, 0), width = extent(points, 1), n_keep = extent(sets, 0), k = extent(sets, 1);
    need(width % radiotype::CORNER_LANES == 0 && k >= 1 && k <= n && lowest >= 0 && lowest <= n, "points, sets: of a wrong shape; or lowest: no point");
    need(n_keep >= 1 && found >= 0 && found <= n_keep && extent(errors, 0) == n_keep, "found: not from 0 to the sets to keep; or errors: not as many");
    need(extent(order, 0) == n && all_within(order, 0, n), "order: not of the points");
    need(extent(workspace, 0) >= radiotype::corner_workspace(n, k, width) && extent(whole, 0) >= radiotype::corner_places(n, k), "workspace, whole: too short");
    const radiotype::CornerProblem problem{points.data(), int64_t(points.shape(0)), int64_t(points.shape(1)), int64_t(sets.shape(1)), lowest,
                                           int64_t(sets.shape(0))};
    const radiotype::CornerResult result{errors.data(), sets.data(), order.data()};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().corner_sets(problem, result, found, workspace.data(), whole.data());
}

static void simplex_distances(Table corners, Table targets, Workspace distances, Workspace workspace, LevelCounts whole) {
    const int64_t k = extent(corners, 0), width = extent(corners, 1);
    need(k >= 1 && width % radiotype::CORNER_LANES == 0 && has_shape(targets, {-1, width}) && distances.size() == targets.shape(0),
         "corners (k, width), targets (n, width), distances (n,): of a wrong shape");
    need(extent(workspace, 0) >= radiotype::corner_workspace(0, k, width) && extent(whole, 0) >= radiotype::corner_places(0, k), "workspace, whole: too short");
    const int64_t shape[3] = {int64_t(corners.shape(0)), int64_t(targets.shape(0)), int64_t(corners.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().simplex_distances(corners.data(), shape, targets.data(), distances.data(), workspace.data(), whole.data());
}

static int64_t nonnegative(Table columns, Table rows, double limit, std::optional<Objective> solution, Workspace errors,
                           Workspace workspace, LevelCounts whole) {
    const int64_t k = extent(columns, 0), width = extent(columns, 1), n = extent(rows, 0);
    need(k >= 1 && width % radiotype::CORNER_LANES == 0 && has_shape(rows, {n, width}) && (!solution || has_shape(*solution, {n, k})) &&
             extent(errors, 0) == n, "columns (k, width), rows (n, width), solution (n, k), errors (n,): of a wrong shape");
    need(extent(workspace, 0) >= radiotype::nonnegative_workspace(k, width) && extent(whole, 0) >= radiotype::nonnegative_places(k),
         "workspace, whole: too short");
    const radiotype::NonnegativeProblem problem{columns.data(), int64_t(columns.shape(0)), int64_t(columns.shape(1)), rows.data(),
                                                int64_t(rows.shape(0))};
    double* into = solution ? solution->data() : nullptr;
    nb::gil_scoped_release release;
    return radiotype::active_kernels().nonnegative(problem, limit, into, errors.data(), workspace.data(), whole.data());
}

static void check_survival(const Doubles& time, const Flags& event, const Integers& bounds, int64_t n) {
    need(extent(time, 0) == n && extent(event, 0) == n && all_within(event, 0, 2), "time, event: not one per case, or an event not 0 or 1");
    need(are_bounds(bounds, n), "bounds: not rising from 0 to the number of cases");
}

static void cox_likelihood(Covariates covariates, Doubles time, Flags event, Integers bounds, bool efron, Doubles coefficients,
                           Workspace result, Workspace workspace) {
    const int64_t n = extent(covariates, 0), width = extent(covariates, 1);
    check_survival(time, event, bounds, n);
    need(width % radiotype::COX_LANES == 0 && extent(coefficients, 0) == width && extent(result, 0) >= 1 + width + width * width,
         "covariates (n_cases, width), coefficients (width,), result: of a wrong shape");
    int64_t n_events = 0;
    for (int64_t i = 0; i < n; ++i) n_events += event.data()[i];
    need(extent(workspace, 0) >= radiotype::cox_workspace(n, n_events, width), "workspace: too short");
    const radiotype::CoxProblem problem{covariates.data(), int64_t(covariates.shape(0)), int64_t(covariates.shape(1)), time.data(),
                                        event.data(), bounds.data(), int64_t(bounds.shape(0)) - 1, efron};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cox_likelihood(problem, coefficients.data(), result.data(), workspace.data());
}

static int64_t coxnet_path(Covariates covariates, Doubles time, Flags event, Integers bounds, bool efron, Doubles factor, Doubles lambdas,
                           double l1_ratio, double allowed, double saturated, std::tuple<double, double, int64_t> ends, int64_t max_steps, int64_t max_sweeps,
                           Objective coefficients, Objective values, Workspace gradient, Workspace workspace,
                           Positions positions, Row kept) {
    const int64_t p = extent(covariates, 0), stride = extent(covariates, 1), n = extent(time, 0), n_lambdas = extent(lambdas, 0);
    check_survival(time, event, bounds, n);
    need(stride >= n && stride % radiotype::COXNET_LANES == 0 && extent(factor, 0) == p, "covariates (n_covariates, stride), factor: of a wrong shape");
    need(has_shape(coefficients, {n_lambdas, p}) && has_shape(values, {n_lambdas, 2}) && extent(gradient, 0) == p && extent(kept, 0) == p,
         "coefficients (n_lambdas, n_covariates), values (n_lambdas, 2), gradient, kept: of a wrong shape");
    need(extent(workspace, 0) >= radiotype::coxnet_workspace(n, stride, p) && extent(positions, 0) >= radiotype::coxnet_positions(n, p),
         "workspace, positions: too short");
    const radiotype::CoxnetProblem problem{covariates.data(), int64_t(covariates.shape(0)), int64_t(time.shape(0)),
                                           int64_t(covariates.shape(1)), time.data(), event.data(), bounds.data(),
                                           int64_t(bounds.shape(0)) - 1, efron, factor.data(), lambdas.data(),
                                           int64_t(lambdas.shape(0)), l1_ratio, allowed, saturated, std::get<0>(ends),
                                           std::get<1>(ends), std::get<2>(ends), max_steps, max_sweeps};
    const radiotype::CoxnetResult result{coefficients.data(), values.data(), gradient.data()};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().coxnet_path(problem, result, workspace.data(), positions.data(), kept.data());
}

static void concordant_pairs(Doubles time, Flags event, Integers rank, Doubles weight, Integers bounds, Objective later, Objective earlier,
                             Workspace tree) {
    const int64_t n = extent(time, 0);
    check_survival(time, event, bounds, n);
    need(extent(rank, 0) == n && extent(weight, 0) == n && has_shape(later, {n, 3}) && has_shape(earlier, {n, 2}) && extent(tree, 0) > n,
         "rank, weight, later (n_cases, 3), earlier (n_cases, 2), tree: of a wrong shape");
    for (size_t s = 0; s + 1 < bounds.size(); ++s)
        for (int64_t i = bounds.data()[s]; i < bounds.data()[s + 1]; ++i)
            need(rank.data()[i] >= 0 && rank.data()[i] < bounds.data()[s + 1] - bounds.data()[s], "rank: not among those of the stratum");
    const radiotype::PairProblem problem{time.data(), event.data(), rank.data(), weight.data(), bounds.data(),
                                         int64_t(bounds.shape(0)) - 1};
    nb::gil_scoped_release release;
    radiotype::active_kernels().concordant_pairs(problem, later.data(), earlier.data(), tree.data());
}

static nb::tuple surface_counts(Mask voxels) {
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    int64_t counts[3];
    {
        nb::gil_scoped_release release;
        radiotype::active_kernels().surface_counts(voxels.data(), shape, counts);
    }
    return nb::make_tuple(counts[0], counts[1], counts[2]);
}

static void squared_distance(Mask voxels, Spacing spacing, Distance out, Workspace scratch) {
    const int64_t longest = std::max({extent(voxels, 0), extent(voxels, 1), extent(voxels, 2)});
    need(same_shape(out, voxels) && extent(scratch, 0) >= 4 * (longest + 1), "out, scratch: of a wrong shape");
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().squared_distance(voxels.data(), shape, spacing.data(), out.data(), scratch.data());
}

static int64_t grow_solid(Voxels voxels, Distance distance, bool outside, Heap heap) {
    int64_t given = 0;
    for (size_t v = 0; v < voxels.size(); ++v) given += voxels.data()[v];
    need(same_shape(distance, voxels) && extent(heap, 0) >= given, "distance, heap: of a wrong shape");
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().grow_solid(voxels.data(), shape, distance.data(), outside, heap.data());
}

static void voxel_surface(Mask voxels, Layers layers, Labels vertices, Labels squares) {
    need(has_shape(layers, {2, extent(voxels, 1), extent(voxels, 2)}) && vertices.shape(1) == 3 && squares.shape(1) == 4,
         "layers (2, J, I), vertices (n, 3), squares (m, 4): of a wrong shape");
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().voxel_surface(voxels.data(), shape, layers.data(), vertices.data(), squares.data());
}

// Number of harmonics up to a degree.
static int64_t harmonics(const Table& points, int64_t degree, const Doubles& recurrence) {
    need(degree >= 0 && degree <= 1 << 12, "degree: from 0 to 4096");
    need(points.shape(1) == 3 && extent(recurrence, 0) >= (degree + 1) * (degree + 1), "points (n, 3), recurrence: of a wrong shape");
    return (degree + 1) * (degree + 1);
}

static void harmonic_sums(Table points, int64_t degree, Doubles recurrence, Table values, Lanes lanes, Objective sums) {
    const int64_t n_rows = harmonics(points, degree, recurrence), columns = extent(values, 1);
    need(values.shape(0) == points.shape(0) && columns >= 1 && columns <= 3 && has_shape(lanes, {n_rows, columns, 8}) && has_shape(sums, {n_rows, columns}),
         "values (n, 1 to 3), lanes, sums: of a wrong shape");
    const radiotype::HarmonicPoints where{points.data(), int64_t(points.shape(0)), degree, int64_t(values.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_sums(where, recurrence.data(), values.data(), lanes.data(), sums.data());
}

static void harmonic_values(Table points, int64_t degree, Doubles recurrence, Table coefficients, Objective values) {
    const int64_t n_rows = harmonics(points, degree, recurrence), columns = extent(coefficients, 1);
    need(columns >= 1 && columns <= 3 && extent(coefficients, 0) == n_rows && has_shape(values, {extent(points, 0), columns}),
         "coefficients (harmonics, 1 to 3), values: of a wrong shape");
    const radiotype::HarmonicPoints where{points.data(), int64_t(points.shape(0)), degree, int64_t(coefficients.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_values(where, recurrence.data(), coefficients.data(), values.data());
}

static void harmonic_products(Table waves, Table latitudes, int64_t degree, Table density, Workspace scratch, Objective products) {
    need(degree >= 0 && degree <= 1 << 12, "degree: from 0 to 4096");
    const int64_t n_orders = 2 * degree + 1, n_rows = (degree + 1) * (degree + 1), rings = extent(latitudes, 0);
    need(waves.shape(1) == size_t(n_orders) && latitudes.shape(1) == size_t(n_rows) && has_shape(density, {rings, extent(waves, 0)}) &&
             extent(scratch, 0) >= n_orders * (n_orders + n_rows) && has_shape(products, {n_rows, n_rows}),
         "waves, latitudes, density, scratch, products: of a wrong shape");
    const radiotype::HarmonicGrid grid{waves.data(), latitudes.data(), int64_t(latitudes.shape(0)), int64_t(waves.shape(0)), degree};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_products(grid, density.data(), scratch.data(), products.data());
}

static double cholesky(Objective matrix) {
    need(matrix.shape(0) == matrix.shape(1), "matrix: not (n, n)");
    nb::gil_scoped_release release;
    return radiotype::active_kernels().cholesky(matrix.data(), int64_t(matrix.shape(0)));
}

static void cholesky_solve(Table factor, Objective right) {
    need(has_shape(factor, {extent(right, 0), extent(right, 0)}), "factor (n, n), right (n, columns): of a wrong shape");
    nb::gil_scoped_release release;
    radiotype::active_kernels().cholesky_solve(factor.data(), int64_t(right.shape(0)), int64_t(right.shape(1)), right.data());
}

static nb::tuple sphere_scratch(int64_t n) {
    need(n >= 0 && n <= 1 << 30, "a size is below 0 or larger than any array");
    using radiotype::SphereScratch;
    return nb::make_tuple(SphereScratch::n_doubles(n), SphereScratch::n_integers(n), SphereScratch::n_floats(n));
}

static nb::tuple sphere_map(Vertices vertices, Quads quads, Order order, bool long_diagonals, Points points, Workspace shares,
                            Workspace doubles, IntegerScratch integers, FloatScratch floats) {
    using radiotype::SphereScratch;
    const int64_t n = extent(vertices, 0);
    need(n >= 8 && extent(quads, 0) == n - 2 && all_within(quads, 0, n), "quads: not n - 2 of the n vertices, of which there are 8 at least");
    need(extent(order, 0) == n && all_within(order, 0, n), "order: not of the vertices");
    need(extent(points, 0) == n && extent(shares, 0) == n - 2 && extent(doubles, 0) >= SphereScratch::n_doubles(n) &&
             extent(integers, 0) >= SphereScratch::n_integers(n) && extent(floats, 0) >= SphereScratch::n_floats(n),
         "points (n, 3), shares (n - 2,), scratch: of a wrong shape");
    const radiotype::SphereProblem problem{vertices.data(), int64_t(vertices.shape(0)), quads.data(), int64_t(quads.shape(0)),
                                           order.data(), long_diagonals};
    bool settled = false;
    int64_t rounds;
    {
        nb::gil_scoped_release release;
        rounds = radiotype::active_kernels().sphere_map(problem, {points.data(), shares.data(), &settled},
                                                        {doubles.data(), integers.data(), floats.data()});
    }
    return nb::make_tuple(rounds, settled);
}

static radiotype::CaldProblem cald_problem(Triangles triangles, Doubles shares, Vertices frames, Order first, Order corners) {
    const int64_t m = extent(triangles, 0), n = extent(first, 0) - 1;
    need(all_within(triangles, 0, n) && extent(shares, 0) == m && extent(frames, 0) == m, "triangles, shares, frames: of a wrong shape, or no vertices");
    need(are_bounds(first, 3 * m) && extent(corners, 0) == 3 * m && all_within(corners, 0, 3 * m), "first, corners: no corners of the triangles");
    return {triangles.data(), int64_t(triangles.shape(0)), shares.data(), frames.data(), first.data(), corners.data(),
            int64_t(first.shape(0)) - 1};
}

static void cald_ratios(Triangles triangles, Doubles shares, Vertices frames, Order first, Order corners, Vertices points, Points centres,
                        Workspace ratios) {
    const radiotype::CaldProblem problem = cald_problem(triangles, shares, frames, first, corners);
    need(extent(points, 0) == problem.n_vertices && extent(centres, 0) == problem.n_triangles && extent(ratios, 0) == problem.n_triangles,
         "points, centres, ratios: not one per vertex or triangle");
    nb::gil_scoped_release release;
    radiotype::active_kernels().cald_ratios(problem, points.data(), centres.data(), ratios.data());
}

static int64_t cald_smooth(Triangles triangles, Doubles shares, Vertices frames, Order first, Order corners, int64_t sweeps, Points points,
                           Row waiting) {
    const radiotype::CaldProblem problem = cald_problem(triangles, shares, frames, first, corners);
    need(extent(points, 0) == problem.n_vertices && extent(waiting, 0) == problem.n_vertices, "points, waiting: not one per vertex");
    nb::gil_scoped_release release;
    return radiotype::active_kernels().cald_smooth(problem, sweeps, points.data(), waiting.data());
}

static radiotype::SetProblem set_problem(const Table& values, const SetColumns& members, const Integers& bounds, const Objective& scores,
                                         const Heap& scratch) {
    need(all_within(members, 0, extent(values, 1)) && are_bounds(bounds, extent(members, 0)), "members, bounds: no columns of sets");
    const int64_t n_sets = extent(bounds, 0) - 1;
    need(has_shape(scores, {extent(values, 0), n_sets}) && extent(scratch, 0) >= radiotype::ranked_sets_scratch(extent(values, 1), n_sets),
         "scores (n_samples, n_sets), scratch: of a wrong shape");
    return {values.data(), int64_t(values.shape(0)), int64_t(values.shape(1)), members.data(), bounds.data(), int64_t(bounds.shape(0)) - 1};
}

static void ssgsea(Table values, SetColumns members, Integers bounds, Doubles weight_of_rank, Objective scores, Heap scratch) {
    need(weight_of_rank.size() > values.shape(1), "weight_of_rank: not one per rank, from 0");
    const radiotype::SetProblem problem = set_problem(values, members, bounds, scores, scratch);
    nb::gil_scoped_release release;
    radiotype::active_kernels().ssgsea(problem, weight_of_rank.data(), scores.data(), scratch.data());
}

static void spectra(Table values, SetColumns members, Integers bounds, SetColumns sets_of, Integers column_bounds, Objective scores,
                    Heap scratch) {
    need(all_within(sets_of, 0, extent(bounds, 0) - 1) && column_bounds.size() == values.shape(1) + 1 && are_bounds(column_bounds, extent(sets_of, 0)),
         "sets_of, column_bounds: no sets of the columns");
    const radiotype::SetProblem problem = set_problem(values, members, bounds, scores, scratch);
    nb::gil_scoped_release release;
    radiotype::active_kernels().spectra(problem, sets_of.data(), column_bounds.data(), scores.data(), scratch.data());
}

static radiotype::RandomSets random_sets(const Doubles& weights, int64_t n_members, const Heap& state, int64_t n_sets, const Heap& scratch) {
    const int64_t n = extent(weights, 0);
    need(n_members >= 1 && n_members < n && n_sets >= 0 && n_sets <= 1 << 30, "n_members: from 1 to all but one; n_sets: from 0 on");
    need(extent(state, 0) == 4 && (state(0) | state(1) | state(2) | state(3)) != 0, "state: not four numbers, or all 0");
    need(extent(scratch, 0) >= radiotype::random_sets_scratch(n, n_members, n_sets), "scratch: too short");
    return {weights.data(), n, n_members, state.data()};
}

static void random_enrichment(Doubles weights, int64_t n_members, Heap state, Workspace scores, Heap scratch) {
    const radiotype::RandomSets problem = random_sets(weights, n_members, state, 0, scratch);
    const int64_t n_sets = int64_t(scores.shape(0));
    nb::gil_scoped_release release;
    radiotype::active_kernels().random_enrichment(problem, n_sets, scores.data(), scratch.data());
}

static int64_t enrichment_levels(Doubles weights, int64_t n_members, Heap state, Doubles targets, int64_t n_sets, Positions survivors,
                                 Medoids found, Heap scratch) {
    const radiotype::RandomSets problem = random_sets(weights, n_members, state, n_sets, scratch);
    need(n_sets >= 1 && has_shape(found, {extent(targets, 0), 2}), "n_sets: at least 1; found: not (n_targets, 2)");
    const radiotype::LevelSearch search{targets.data(), int64_t(targets.shape(0)), n_sets, int64_t(survivors.shape(0))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().enrichment_levels(problem, search, survivors.data(), found.data(), scratch.data());
}

static radiotype::LevelBox level_box(const LevelArray& levels) {
    radiotype::LevelBox box{levels.data(), {}, {}};
    for (int axis = 0; axis < 3; ++axis) {
        box.shape[axis] = int64_t(levels.shape(axis));
        box.steps[axis] = levels.stride(axis);
    }
    return box;
}

static void texture_scan(LevelArray levels, LevelCounts counts, LevelCounts box) {
    need(counts.size() >= 1 && box.size() >= 6, "counts, box: too short");
    const radiotype::LevelBox source = level_box(levels);
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_scan(source, counts.data(), box.data());
}

static int64_t texture_pack(LevelArray levels, LevelMap map, Buffer out, Lines lines) {
    need(holds_levels(out) && map.size() >= 1 && lines.shape(0) >= levels.shape(0) * levels.shape(1) &&
             out.size() >= (levels.shape(0) + 2) * (levels.shape(1) + 2) * (levels.shape(2) + 2) + 64, "out, map, lines: too short, or out neither uint8 nor uint16");
    const radiotype::LevelBox source = level_box(levels);
    void* to = out.data();
    const int64_t bytes = int64_t(out.itemsize());
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_pack(source, map.data(), to, bytes, lines.data());
}

static radiotype::TextureVolume texture_volume(const ReadBuffer& levels, const ReadBuffer& values, const ReadLines& lines,
                                               int64_t n_levels, bool planar, bool by_slice) {
    need(same_shape(levels, values) && levels.dtype() == values.dtype() && holds_levels(levels),
         "levels, values: of different shapes, or neither uint8 nor uint16");
    need(n_levels >= 0 && n_levels <= 65535, "n_levels: from 0 to 65535");
    int64_t slice = 1;
    for (size_t l = 0; l < lines.shape(0); ++l) {
        need(lines(l, 0) >= slice && lines(l, 0) + 1 < extent(levels, 0) && lines(l, 1) >= 1 && lines(l, 1) + 1 < extent(levels, 1) &&
                 lines(l, 2) >= 1 && lines(l, 2) < lines(l, 3) && lines(l, 3) < extent(levels, 2), "lines: beyond the levels, or not in order");
        slice = lines(l, 0);
    }
    return {levels.data(), values.data(), int64_t(levels.itemsize()), int64_t(levels.shape(1)), int64_t(levels.shape(2)), lines.data(),
            int64_t(lines.shape(0)), n_levels, planar, by_slice};
}

static int64_t n_directions(const radiotype::TextureVolume& volume) { return volume.planar ? 4 : 13; }

static int64_t n_groups(const radiotype::TextureVolume& volume) {
    return volume.by_slice && volume.n_lines ? volume.lines[4 * (volume.n_lines - 1)] - volume.lines[0] + 1 : 1;
}

static void texture_pairs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                          Tables tables) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    need(tables.ndim() >= 1 && extent(tables, tables.ndim() - 1) >= (n_levels + 1) * (n_levels + 1) &&
             int64_t(tables.size()) >= n_groups(volume) * n_directions(volume) * extent(tables, tables.ndim() - 1), "tables: too small");
    const int64_t table = int64_t(tables.shape(tables.ndim() - 1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_pairs(volume, tables.data(), table);
}

static void texture_runs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice, Tables tables,
                         Buffer scratch) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const size_t axes = tables.ndim();
    need(axes >= 2 && extent(tables, axes - 1) == n_levels + 1 && int64_t(tables.size()) >= n_groups(volume) * n_directions(volume) *
             extent(tables, axes - 2) * (n_levels + 1), "tables: too small, or not (..., lengths, n_levels + 1)");
    for (size_t axis = planar ? 1 : 0; axis < 3; ++axis)
        need(extent(tables, axes - 2) >= extent(levels, axis) - 1 && (volume.bytes == 2 || levels.shape(axis) < 258), "tables: longer runs are possible");
    need(scratch.dtype() == levels.dtype() && scratch.size() >= 26 * (levels.shape(1) * levels.shape(2) + 64) + 64, "scratch: too small");
    const int64_t longest = int64_t(tables.shape(tables.ndim() - 2)) - 1;
    void* positions = scratch.data();
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_runs(volume, tables.data(), longest, positions);
}

static void texture_neighbours(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                               int64_t alpha, WideTables differences, Tables dependences) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const int64_t n_cells = n_groups(volume) * (n_levels + 1) * (2 * n_directions(volume) + 1);
    need(alpha >= 0 && int64_t(differences.size()) >= n_cells && int64_t(dependences.size()) >= n_cells, "alpha: from 0 on; differences, dependences: too small");
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_neighbours(volume, alpha, differences.data(), dependences.data());
}

static void texture_distances(ReadBuffer inside, ReadLines lines, bool planar, Distances16 out) {
    const radiotype::TextureVolume volume = texture_volume(inside, inside, lines, 0, planar, false);
    need(out.size() >= inside.size(), "out: too short");
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_distances(volume, out.data());
}

static int64_t texture_zones(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                             ReadDistances16 distance, Tables labels, Tables parent, Zones zones, LevelCounts bounds) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    int64_t n = 0;
    for (size_t l = 0; l < lines.shape(0); ++l) n += lines(l, 3) - lines(l, 2);
    need(distance.size() >= levels.size() && labels.size() >= 2 * levels.shape(1) * levels.shape(2) && int64_t(parent.size()) >= n &&
             extent(zones, 0) >= n && extent(bounds, 0) > n_groups(volume), "distance, labels, parent, zones, bounds: too short");
    auto* found = reinterpret_cast<radiotype::Zone*>(zones.data());
    const radiotype::ZoneScratch scratch{distance.data(), labels.data(), parent.data(), found};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_zones(volume, scratch, bounds.data());
}

NB_MODULE(_native, m) {
    m.doc() = "Compiled kernels of radiotype.";
    m.def("ball_scratch", &Length<&radiotype::ball_scratch, 1 << 20>::checked, "n_i"_a, "n_j"_a, "n_k"_a, "reach"_a, "reach_i"_a,
          "Length of the uint32 scratch that `ball_sums` needs.");
    m.def("correlate", &correlate, "values"_a, "axis"_a, "weights"_a, "out"_out,
          "Write into `out`, shorter than `values` along the axis by all weights but one, the sums of weighted neighbours. All float64.");
    m.def("ball_sums", &ball_sums, "values"_a, "columns"_a, "groups"_a, "reach"_a, "reach_i"_a, "first"_a, "mask"_a, "middle"_a, "scale"_a, "ones"_a,
          "scratch"_out, "lines"_out, "sums"_out,
          "Fill `sums` with those of (value - middle) x scale, rounded, or of ones, in a ball around the voxels of `mask`, elsewhere with the "
          "lowest number; `lines` has room for a number per column.");
    m.def("intensity_range", &intensity_range, "values"_a, "region"_a.none(), "lower"_a, "upper"_a,
          "Least and most of the values of a region, or of all, within limits, how many, how many are not finite, and whether all are whole.");
    m.def("intensity_levels", &intensity_levels, "values"_a, "region"_a, "lower"_a, "upper"_a, "rule"_a, "inside"_out, "levels"_out,
          "Fill `inside` and `levels`: whole part of (value - origin) / width x number, `last` at most, plus 1; 0 outside.");
    m.def("intensity_counts", &intensity_counts, "values"_a, "region"_a, "least"_a, "counts"_out,
          "Count the whole numbers of a region, from `least` on, in tables (a power of two, n_values) that are to be added up.");
    m.def("row_moments", &row_moments, "mask"_a, "moments"_out, "ends"_out,
          "Fill for every row number of voxels, sum of positions and of squared positions; and first and last voxel, -1 without.");
    m.def("row_sums", &row_sums, "values"_a, "region"_a, "sums"_out,
          "Fill for every row the sum of the values of a region, and of the values times their positions.");
    m.def("hull_points", &hull_points, "ends"_a, "bits"_out, "stack"_out, "points"_out,
          "Fill `points` with twice the positions that corners of the hull of the mesh may have; return how many.");
    m.def("hull_scratch", &Length<&radiotype::hull_scratch>::checked, "n"_a, "Length of the uint8 scratch that `hull_faces` needs.");
    m.def("hull_faces", &hull_faces, "points"_a, "scratch"_out, "triangles"_out,
          "Fill `triangles` with the faces of the hull of different points in lexicographic order; return how many, 0 in a plane.");
    m.def("largest_distance", &largest_distance, "points"_a, "Square of the largest distance of points (3, n).");
    m.def("simd_level", [] { return radiotype::active_kernels().level; }, "The level in use: base, avx2 or avx512.");
    m.def("cube_patterns", &cube_patterns, "mask"_a, "counts"_out, "sums"_out,
          "Fill `counts` (256,) and `sums` (256, 3) with the corner patterns of a binary mask (I, J, K).");
    m.def("pam_workspace", &Length<&radiotype::pam_workspace>::checked, "n_items"_a, "largest_k"_a, "single"_a,
          "Length of the float64 scratch that `pam` needs.");
    m.def("pam", &pam, "distances"_a, "narrow"_a.none(), "items"_a, "k"_a, "workspace"_out, "medoids"_out, "labels"_out, "objective"_out,
          "Partition the cases `items` around medoids for every k; fill `medoids`, `labels` and `objective`.");
    m.def("cocluster", &cocluster, "labels"_a, "row"_out, "counts"_out,
          "Add to `counts` how often two cases share a label in up to 255 resamples; 255 marks a case that was not drawn.");
    m.def("two_means_workspace", &Length<&radiotype::two_means_workspace>::checked, "n_cases"_a, "n_features"_a,
          "Length of the float64 scratch that `two_means` needs.");
    m.def("two_means", &two_means, "values"_a, "scale"_a, "starts"_a, "sides"_out, "workspace"_out,
          "Split the cases in two; fill row 0 of `sides` (2, n_cases) and return the sum of squares within over the total.");
    m.attr("CORNER_LANES") = radiotype::CORNER_LANES;
    m.def("corner_workspace", &Length<&radiotype::corner_workspace>::checked, "n"_a, "k"_a, "width"_a,
          "Length of the float64 scratch that `corner_sets` and `simplex_distances` need.");
    m.def("corner_places", &Length<&radiotype::corner_places>::checked, "n"_a, "k"_a, "Length of their int64 scratch.");
    m.def("corner_sets", &corner_sets, "points"_a, "lowest"_a, "found"_a, "errors"_out, "sets"_out, "order"_out, "workspace"_out, "whole"_out,
          "Go on with the best sets of corners, `found` so far, through those whose first is `lowest`; how many there are then.");
    m.def("simplex_distances", &simplex_distances, "corners"_a, "targets"_a, "distances"_out, "workspace"_out, "whole"_out,
          "Fill `distances` (n,) with the squared distances of the targets to the polytope of the corners.");
    m.def("nonnegative_workspace", &Length<&radiotype::nonnegative_workspace>::checked, "k"_a, "width"_a,
          "Length of the float64 scratch that `nonnegative` needs.");
    m.def("nonnegative_places", &Length<&radiotype::nonnegative_places>::checked, "k"_a, "Length of its int64 scratch.");
    m.def("nonnegative", &nonnegative, "columns"_a, "rows"_a, "limit"_a, "solution"_out.none(), "errors"_out, "workspace"_out, "whole"_out,
          "Fill `solution` (n, k) and `errors` (n,) squared until their sum passes `limit`; how many rows were done.");
    m.def("concordant_pairs", &concordant_pairs, "time"_a, "event"_a, "rank"_a, "weight"_a, "bounds"_a, "later"_out, "earlier"_out, "tree"_out,
          "Fill `later` (n_cases, 3) in the rows of events and `earlier` (n_cases, 2) with the pairs that a score orders.");
    m.attr("COX_LANES") = radiotype::COX_LANES;
    m.def("cox_workspace", &Length<&radiotype::cox_workspace>::checked, "n_cases"_a, "n_events"_a, "width"_a,
          "Length of the float64 scratch that `cox_likelihood` needs.");
    m.def("cox_likelihood", &cox_likelihood, "covariates"_a, "time"_a, "event"_a, "bounds"_a, "efron"_a, "coefficients"_a, "result"_out,
          "workspace"_out, "Fill `result` with the partial log-likelihood, its gradient and minus its Hessian.");
    m.attr("COXNET_LANES") = radiotype::COXNET_LANES;
    m.def("coxnet_workspace", &Length<&radiotype::coxnet_workspace>::checked, "n_cases"_a, "stride"_a, "n_covariates"_a,
          "Length of the float64 scratch that `coxnet_path` needs.");
    m.def("coxnet_positions", &Length<&radiotype::coxnet_positions>::checked, "n_cases"_a, "n_covariates"_a,
          "Length of the int64 scratch that `coxnet_path` needs.");
    m.def("coxnet_path", &coxnet_path, "covariates"_a, "time"_a, "event"_a, "bounds"_a, "efron"_a, "factor"_a, "lambdas"_a, "l1_ratio"_a,
          "allowed"_a, "saturated"_a, "ends"_a, "max_steps"_a, "max_sweeps"_a, "coefficients"_out, "values"_out, "gradient"_out, "workspace"_out,
          "positions"_out, "kept"_out,
          "Fill the penalised coefficients, log-likelihood and largest violation of each lambda; `ends` is (share explained, least rise of it, "
          "number of coefficients). The number of lambdas done, or -1 less the first that did not converge.");
    m.def("surface_counts", &surface_counts, "voxels"_a,
          "Vertices, squares and badly composed corners of a solid (K, J, I) whose outermost layers are empty.");
    m.def("squared_distance", &squared_distance, "voxels"_a, "spacing"_a, "out"_out, "scratch"_out,
          "Fill `out` with the squared distance to the nearest empty voxel; scratch: 4 (longest side + 1).");
    m.def("grow_solid", &grow_solid, "voxels"_out, "distance"_out, "outside"_a, "heap"_out,
          "Change in `voxels` what keeps them, or what they surround, from being one sphere; return how many.");
    m.def("voxel_surface", &voxel_surface, "voxels"_a, "layers"_out, "vertices"_out, "squares"_out,
          "Fill the vertices (x, y, z) and boundary squares of a solid (K, J, I); layers: (2, J, I).");
    m.def("harmonic_sums", &harmonic_sums, "points"_a, "degree"_a, "recurrence"_a, "values"_a, "lanes"_out, "sums"_out,
          "Sum over the points of each real harmonic times each column of `values`.");
    m.def("harmonic_values", &harmonic_values, "points"_a, "degree"_a, "recurrence"_a, "coefficients"_a, "values"_out,
          "Values at the points of the functions with these coefficients of real harmonics.");
    m.def("harmonic_products", &harmonic_products, "waves"_a, "latitudes"_a, "degree"_a, "density"_a, "scratch"_out, "products"_out,
          "Fill `products` with the integrals of the products of every two harmonics over a density (rings, steps).");
    m.def("cholesky", &cholesky, "matrix"_out,
          "Replace a symmetric matrix by its upper factor; return the smallest over the largest pivot, 0 if it has none.");
    m.def("cholesky_solve", &cholesky_solve, "factor"_a, "right"_out, "Solve for the columns of `right`, in place.");
    m.def("sphere_scratch", &sphere_scratch, "n_vertices"_a,
          "Lengths of the float64, int32 and float32 scratch that `sphere_map` needs.");
    m.def("sphere_map", &sphere_map, "vertices"_a, "quads"_a, "order"_a, "long_diagonals"_a, "points"_out, "shares"_out,
          "doubles"_out, "integers"_out, "floats"_out,
          "Fill `points` (n, 3) with the vertices spread over the unit sphere and `shares` (n_quads,) with the share that each square "
          "has in the surface without stairs; the number of sweeps, or a negative number, and whether the map came to rest.");
    m.def("cald_ratios", &cald_ratios, "triangles"_a, "shares"_a, "frames"_a, "first"_a, "corners"_a, "points"_a, "centres"_out, "ratios"_out,
          "Fill the centres (m, 3) of triangles on the sphere and their share of its area over that of the object's.");
    m.def("cald_smooth", &cald_smooth, "triangles"_a, "shares"_a, "frames"_a, "first"_a, "corners"_a, "sweeps"_a, "points"_out, "waiting"_out,
          "Move single vertices of `points` where that lowers the worst stretch around them; how many moves, or -1.");
    m.def("ranked_sets_scratch", &Length<&radiotype::ranked_sets_scratch>::checked, "n_columns"_a, "n_sets"_a,
          "Length of the uint64 scratch that `ssgsea` and `spectra` need.");
    m.def("ssgsea", &ssgsea, "values"_a, "members"_a, "bounds"_a, "weight_of_rank"_a, "scores"_out, "scratch"_out,
          "Fill `scores` (n_samples, n_sets) with the raw scores of single-sample gene set enrichment.");
    m.def("spectra", &spectra, "values"_a, "members"_a, "bounds"_a, "sets_of"_a, "column_bounds"_a, "scores"_out, "scratch"_out,
          "Fill `scores` (n_samples, n_sets) with the largest deviations of the running sums weighted by the absolute values.");
    m.def("random_sets_scratch", &Length<&radiotype::random_sets_scratch>::checked, "n_ranked"_a, "n_members"_a, "n_sets"_a,
          "Length of the uint64 scratch that `random_enrichment` (of no sets kept) and `enrichment_levels` need.");
    m.def("random_enrichment", &random_enrichment, "weights"_a, "n_members"_a, "state"_out, "scores"_out, "scratch"_out,
          "Fill `scores` with the largest deviations of random sets of so many members.");
    m.def("enrichment_levels", &enrichment_levels, "weights"_a, "n_members"_a, "state"_out, "targets"_a, "n_sets"_a, "survivors"_out, "found"_out,
          "scratch"_out,
          "Split the random sets of positive score into levels up to every target; fill the sets that reached each level, and for each "
          "target the levels before it and the sets that reach it, -1 where the levels ended. The number of levels, or -1.");
    m.def("texture_scan", &texture_scan, "levels"_a, "counts"_out, "box"_out,
          "Count the voxels of each grey level and find the box of those above 0: first and last + 1 along each axis.");
    m.def("texture_pack", &texture_pack, "levels"_a, "map"_a, "out"_out, "lines"_out,
          "Copy levels through `map` into slices of rows with an empty voxel on every side; return how many `lines` were filled.");
    m.def("texture_pairs", &texture_pairs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_out,
          "Add to `tables` the pairs of neighbouring levels in 13 (planar: 4) directions.");
    m.def("texture_runs", &texture_runs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_out, "scratch"_out,
          "Add to `tables` the voxels that are third or later in a run of their level; under 0 all, under 1 and 2 nothing.");
    m.def("texture_neighbours", &texture_neighbours, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "alpha"_a,
          "differences"_out, "dependences"_out, "Add by level and number of neighbours |level x number - sum|, and count those alike.");
    m.def("texture_distances", &texture_distances, "inside"_a, "lines"_a, "planar"_a, "out"_out,
          "Fill `out` with the steps through faces that lead out of the region.");
    m.def("texture_zones", &texture_zones, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "distance"_a,
          "labels"_out, "parent"_out, "zones"_out, "bounds"_out, "Fill `zones` with level, size and distance; return how many there are.");
}
