// Python bindings. Checks nothing that Python has already checked; releases the GIL around every kernel.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include "levels.hpp"

namespace nb = nanobind;
using namespace nb::literals;
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
using Distances16 = nb::ndarray<uint16_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Zones = nb::ndarray<int32_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using LevelCounts = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

static void cube_patterns(Mask mask, Counts counts, Sums sums) {
    const int64_t shape[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cube_patterns(mask.data(), shape, counts.data(), sums.data());
}

static void ball_sums(Box values, Columns columns, Groups groups, int64_t reach, int64_t reach_i, Corner first, Mask mask, double middle, double scale, bool ones,
                      Words scratch, Pointers lines, Whole sums) {
    const int64_t shape[3] = {int64_t(values.shape(0)), int64_t(values.shape(1)), int64_t(values.shape(2))};
    const int64_t own[3] = {int64_t(mask.shape(0)), int64_t(mask.shape(1)), int64_t(mask.shape(2))};
    const radiotype::BallProblem problem{values.data(), shape, columns.data(), int64_t(columns.shape(0)),
                                         groups.data(), int64_t(groups.shape(0)), reach, reach_i, first.data(), mask.data(), own, middle, scale, ones};
    const auto** pointers = reinterpret_cast<const uint32_t**>(lines.data());
    nb::gil_scoped_release release;
    radiotype::active_kernels().ball_sums(problem, scratch.data(), pointers, sums.data());
}

static radiotype::IntensityBox intensity_box(const Intensities& values, const Mask& region, double lower, double upper) {
    if (values.stride(2) != 1 && values.shape(2) > 1) throw nb::value_error("the last axis must be the fastest");
    return {values.data(), region.is_valid() ? region.data() : nullptr,
            {int64_t(values.shape(0)), int64_t(values.shape(1)), int64_t(values.shape(2))}, {values.stride(0), values.stride(1)},
            lower, upper};
}

static void correlate(Intensities values, int64_t axis, Doubles weights, Lanes out) {
    if (values.stride(2) != 1 && values.shape(2) > 1) throw nb::value_error("the last axis must be the fastest");
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

static void intensity_levels(Intensities values, Mask region, double lower, double upper, nb::tuple rule, Voxels inside, Levels levels) {
    const radiotype::IntensityBox box = intensity_box(values, region, lower, upper);
    const radiotype::LevelRule how{nb::cast<double>(rule[0]), nb::cast<double>(rule[1]), nb::cast<double>(rule[2]),
                                   nb::cast<double>(rule[3])};
    nb::gil_scoped_release release;
    radiotype::active_kernels().intensity_levels(box, how, inside.data(), levels.data());
}

static void intensity_counts(Intensities values, Mask region, double least, ValueCounts counts) {
    const radiotype::IntensityBox box = intensity_box(values, region, 0.0, 0.0);
    const int64_t tables = int64_t(counts.shape(0)), n_values = int64_t(counts.shape(1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().intensity_counts(box, least, tables, n_values, counts.data());
}

static void row_moments(Mask mask, Whole64 moments, Whole ends) {
    const int64_t n_rows = int64_t(mask.shape(0)) * int64_t(mask.shape(1)), n = int64_t(mask.shape(2));
    nb::gil_scoped_release release;
    radiotype::active_kernels().row_moments(mask.data(), n_rows, n, moments.data(), ends.data());
}

static void row_sums(Intensities values, Mask region, Lanes sums) {
    const radiotype::IntensityBox box = intensity_box(values, region, 0.0, 0.0);
    nb::gil_scoped_release release;
    radiotype::active_kernels().row_sums(box, sums.data());
}

static int64_t hull_points(ReadWhole ends, Row bits, IntegerScratch stack, Labels points) {
    const int64_t shape[2] = {int64_t(ends.shape(0)), int64_t(ends.shape(1))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().hull_points(ends.data(), shape, bits.data(), stack.data(), points.data());
}

static int64_t hull_faces(ReadLabels points, Row scratch, Labels triangles) {
    const int64_t n = int64_t(points.shape(0));
    nb::gil_scoped_release release;
    return radiotype::active_kernels().hull_faces(points.data(), n, scratch.data(), triangles.data());
}

static double largest_distance(Table points) {
    const int64_t n = int64_t(points.shape(1));
    nb::gil_scoped_release release;
    return radiotype::active_kernels().largest_distance(points.data(), n);
}

static void pam(Distances distances, std::optional<NarrowDistances> narrow, Integers items, Integers k, Workspace workspace,
                Medoids medoids, Labels labels, Objective objective) {
    const radiotype::PamProblem problem{distances.data(), narrow ? narrow->data() : nullptr, int64_t(distances.shape(0)),
                                        items.data(), int64_t(items.shape(0)), k.data(), int64_t(k.shape(0))};
    const radiotype::PamResult result{medoids.data(), labels.data(), objective.data()};
    nb::gil_scoped_release release;
    radiotype::active_kernels().pam(problem, result, workspace.data());
}

static void cocluster(ByteLabels labels, Row row, PairCounts counts) {
    const int64_t n_resamples = int64_t(labels.shape(0)), n_cases = int64_t(labels.shape(1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().cocluster(labels.data(), n_resamples, n_cases, row.data(), counts.data());
}

static double two_means(Table values, Doubles scale, Columns starts, Sides sides, Workspace workspace) {
    const radiotype::TwoMeansProblem problem{values.data(), int64_t(values.shape(0)), int64_t(values.shape(1)), scale.data(),
                                             starts.data(), int64_t(starts.shape(0))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().two_means(problem, sides.data(), workspace.data());
}

static int64_t corner_sets(Table points, int64_t lowest, int64_t found, Workspace errors, Medoids sets, LevelCounts order,
                           Workspace workspace, LevelCounts whole) {
    const radiotype::CornerProblem problem{points.data(), int64_t(points.shape(0)), int64_t(points.shape(1)), int64_t(sets.shape(1)), lowest,
                                           int64_t(sets.shape(0))};
    const radiotype::CornerResult result{errors.data(), sets.data(), order.data()};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().corner_sets(problem, result, found, workspace.data(), whole.data());
}

static void simplex_distances(Table corners, Table targets, Workspace distances, Workspace workspace, LevelCounts whole) {
    const int64_t shape[3] = {int64_t(corners.shape(0)), int64_t(targets.shape(0)), int64_t(corners.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().simplex_distances(corners.data(), shape, targets.data(), distances.data(), workspace.data(), whole.data());
}

static int64_t nonnegative(Table columns, Table rows, double limit, std::optional<Objective> solution, Workspace errors,
                           Workspace workspace, LevelCounts whole) {
    const radiotype::NonnegativeProblem problem{columns.data(), int64_t(columns.shape(0)), int64_t(columns.shape(1)), rows.data(),
                                                int64_t(rows.shape(0))};
    double* into = solution ? solution->data() : nullptr;
    nb::gil_scoped_release release;
    return radiotype::active_kernels().nonnegative(problem, limit, into, errors.data(), workspace.data(), whole.data());
}

static void cox_likelihood(Covariates covariates, Doubles time, Flags event, Integers bounds, bool efron, Doubles coefficients,
                           Workspace result, Workspace workspace) {
    const radiotype::CoxProblem problem{covariates.data(), int64_t(covariates.shape(0)), int64_t(covariates.shape(1)), time.data(),
                                        event.data(), bounds.data(), int64_t(bounds.shape(0)) - 1, efron};
    nb::gil_scoped_release release;
    radiotype::active_kernels().cox_likelihood(problem, coefficients.data(), result.data(), workspace.data());
}

static int64_t coxnet_path(Covariates covariates, Doubles time, Flags event, Integers bounds, bool efron, Doubles factor, Doubles lambdas,
                           double l1_ratio, double allowed, double saturated, nb::tuple ends, int64_t max_steps, int64_t max_sweeps,
                           Objective coefficients, Objective values, Workspace gradient, Workspace workspace,
                           Positions positions, Row kept) {
    const radiotype::CoxnetProblem problem{covariates.data(), int64_t(covariates.shape(0)), int64_t(time.shape(0)),
                                           int64_t(covariates.shape(1)), time.data(), event.data(), bounds.data(),
                                           int64_t(bounds.shape(0)) - 1, efron, factor.data(), lambdas.data(),
                                           int64_t(lambdas.shape(0)), l1_ratio, allowed, saturated, nb::cast<double>(ends[0]),
                                           nb::cast<double>(ends[1]), nb::cast<int64_t>(ends[2]), max_steps, max_sweeps};
    const radiotype::CoxnetResult result{coefficients.data(), values.data(), gradient.data()};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().coxnet_path(problem, result, workspace.data(), positions.data(), kept.data());
}

static void concordant_pairs(Doubles time, Flags event, Integers rank, Doubles weight, Integers bounds, Objective later, Objective earlier,
                             Workspace tree) {
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
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().squared_distance(voxels.data(), shape, spacing.data(), out.data(), scratch.data());
}

static int64_t grow_solid(Voxels voxels, Distance distance, bool outside, Heap heap) {
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().grow_solid(voxels.data(), shape, distance.data(), outside, heap.data());
}

static void voxel_surface(Mask voxels, Layers layers, Labels vertices, Labels squares) {
    const int64_t shape[3] = {int64_t(voxels.shape(0)), int64_t(voxels.shape(1)), int64_t(voxels.shape(2))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().voxel_surface(voxels.data(), shape, layers.data(), vertices.data(), squares.data());
}

static void harmonic_sums(Table points, int64_t degree, Doubles recurrence, Table values, Lanes lanes, Objective sums) {
    const radiotype::HarmonicPoints where{points.data(), int64_t(points.shape(0)), degree, int64_t(values.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_sums(where, recurrence.data(), values.data(), lanes.data(), sums.data());
}

static void harmonic_values(Table points, int64_t degree, Doubles recurrence, Table coefficients, Objective values) {
    const radiotype::HarmonicPoints where{points.data(), int64_t(points.shape(0)), degree, int64_t(coefficients.shape(1))};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_values(where, recurrence.data(), coefficients.data(), values.data());
}

static void harmonic_products(Table waves, Table latitudes, int64_t degree, Table density, Workspace scratch, Objective products) {
    const radiotype::HarmonicGrid grid{waves.data(), latitudes.data(), int64_t(latitudes.shape(0)), int64_t(waves.shape(0)), degree};
    nb::gil_scoped_release release;
    radiotype::active_kernels().harmonic_products(grid, density.data(), scratch.data(), products.data());
}

static double cholesky(Objective matrix) {
    nb::gil_scoped_release release;
    return radiotype::active_kernels().cholesky(matrix.data(), int64_t(matrix.shape(0)));
}

static void cholesky_solve(Table factor, Objective right) {
    nb::gil_scoped_release release;
    radiotype::active_kernels().cholesky_solve(factor.data(), int64_t(right.shape(0)), int64_t(right.shape(1)), right.data());
}

static nb::tuple sphere_scratch(int64_t n) {
    using radiotype::SphereScratch;
    return nb::make_tuple(SphereScratch::n_doubles(n), SphereScratch::n_integers(n), SphereScratch::n_floats(n));
}

static nb::tuple sphere_map(Vertices vertices, Quads quads, Order order, bool long_diagonals, Points points, Workspace shares,
                            Workspace doubles, IntegerScratch integers, FloatScratch floats) {
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
    return {triangles.data(), int64_t(triangles.shape(0)), shares.data(), frames.data(), first.data(), corners.data(),
            int64_t(first.shape(0)) - 1};
}

static void cald_ratios(Triangles triangles, Doubles shares, Vertices frames, Order first, Order corners, Vertices points, Points centres,
                        Workspace ratios) {
    const radiotype::CaldProblem problem = cald_problem(triangles, shares, frames, first, corners);
    nb::gil_scoped_release release;
    radiotype::active_kernels().cald_ratios(problem, points.data(), centres.data(), ratios.data());
}

static int64_t cald_smooth(Triangles triangles, Doubles shares, Vertices frames, Order first, Order corners, int64_t sweeps, Points points,
                           Row waiting) {
    const radiotype::CaldProblem problem = cald_problem(triangles, shares, frames, first, corners);
    nb::gil_scoped_release release;
    return radiotype::active_kernels().cald_smooth(problem, sweeps, points.data(), waiting.data());
}

static radiotype::SetProblem set_problem(const Table& values, const SetColumns& members, const Integers& bounds) {
    return {values.data(), int64_t(values.shape(0)), int64_t(values.shape(1)), members.data(), bounds.data(), int64_t(bounds.shape(0)) - 1};
}

static void ssgsea(Table values, SetColumns members, Integers bounds, Doubles weight_of_rank, Objective scores, Heap scratch) {
    const radiotype::SetProblem problem = set_problem(values, members, bounds);
    nb::gil_scoped_release release;
    radiotype::active_kernels().ssgsea(problem, weight_of_rank.data(), scores.data(), scratch.data());
}

static void spectra(Table values, SetColumns members, Integers bounds, SetColumns sets_of, Integers column_bounds, Objective scores,
                    Heap scratch) {
    const radiotype::SetProblem problem = set_problem(values, members, bounds);
    nb::gil_scoped_release release;
    radiotype::active_kernels().spectra(problem, sets_of.data(), column_bounds.data(), scores.data(), scratch.data());
}

static void random_enrichment(Doubles weights, int64_t n_members, Heap state, Workspace scores, Heap scratch) {
    const radiotype::RandomSets problem{weights.data(), int64_t(weights.shape(0)), n_members, state.data()};
    const int64_t n_sets = int64_t(scores.shape(0));
    nb::gil_scoped_release release;
    radiotype::active_kernels().random_enrichment(problem, n_sets, scores.data(), scratch.data());
}

static int64_t enrichment_levels(Doubles weights, int64_t n_members, Heap state, Doubles targets, int64_t n_sets, Positions survivors,
                                 Medoids found, Heap scratch) {
    const radiotype::RandomSets problem{weights.data(), int64_t(weights.shape(0)), n_members, state.data()};
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
    const radiotype::LevelBox source = level_box(levels);
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_scan(source, counts.data(), box.data());
}

static int64_t texture_pack(LevelArray levels, std::optional<LevelMap> map, Buffer out, Lines lines) {
    const radiotype::LevelBox source = level_box(levels);
    void* to = out.data();
    const int64_t bytes = int64_t(out.itemsize());
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_pack(source, map ? map->data() : nullptr, to, bytes, lines.data());
}

static radiotype::TextureVolume texture_volume(const ReadBuffer& levels, const ReadBuffer& values, const ReadLines& lines,
                                               int64_t n_levels, bool planar, bool by_slice) {
    return {levels.data(), values.data(), int64_t(levels.itemsize()), int64_t(levels.shape(1)), int64_t(levels.shape(2)), lines.data(),
            int64_t(lines.shape(0)), n_levels, planar, by_slice};
}

static void texture_pairs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                          Tables tables) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const int64_t table = int64_t(tables.shape(tables.ndim() - 1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_pairs(volume, tables.data(), table);
}

static void texture_runs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice, Tables tables,
                         Buffer scratch) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const int64_t longest = int64_t(tables.shape(tables.ndim() - 2)) - 1;
    void* positions = scratch.data();
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_runs(volume, tables.data(), longest, positions);
}

static void texture_neighbours(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                               int64_t alpha, WideTables differences, Tables dependences) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_neighbours(volume, alpha, differences.data(), dependences.data());
}

static void texture_distances(ReadBuffer inside, ReadLines lines, bool planar, Distances16 out) {
    const radiotype::TextureVolume volume = texture_volume(inside, inside, lines, 0, planar, false);
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_distances(volume, out.data());
}

static int64_t texture_zones(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                             Distances16 distance, Tables labels, Tables parent, Zones zones, LevelCounts bounds) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    auto* found = reinterpret_cast<radiotype::Zone*>(zones.data());
    const radiotype::ZoneScratch scratch{distance.data(), labels.data(), parent.data(), found};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_zones(volume, scratch, bounds.data());
}

NB_MODULE(_native, m) {
    m.doc() = "Compiled kernels of radiotype.";
    m.def("ball_scratch", &radiotype::ball_scratch, "n_j"_a, "n_k"_a, "reach"_a, "reach_i"_a,
          "Length of the uint32 scratch that `ball_sums` needs.");
    m.def("correlate", &correlate, "values"_a, "axis"_a, "weights"_a, "out"_a,
          "Write into `out`, shorter than `values` along the axis by all weights but one, the sums of weighted neighbours. All float64.");
    m.def("ball_sums", &ball_sums, "values"_a, "columns"_a, "groups"_a, "reach"_a, "reach_i"_a, "first"_a, "mask"_a, "middle"_a, "scale"_a, "ones"_a,
          "scratch"_a, "lines"_a, "sums"_a,
          "Fill `sums` with those of (value - middle) x scale, rounded, or of ones, in a ball around the voxels of `mask`, elsewhere with the "
          "lowest number; `lines` has room for a number per column.");
    m.def("intensity_range", &intensity_range, "values"_a, "region"_a.none(), "lower"_a, "upper"_a,
          "Least and most of the values of a region, or of all, within limits, how many, how many are not finite, and whether all are whole.");
    m.def("intensity_levels", &intensity_levels, "values"_a, "region"_a, "lower"_a, "upper"_a, "rule"_a, "inside"_a, "levels"_a,
          "Fill `inside` and `levels`: whole part of (value - origin) / width x number, `last` at most, plus 1; 0 outside.");
    m.def("intensity_counts", &intensity_counts, "values"_a, "region"_a, "least"_a, "counts"_a,
          "Count the whole numbers of a region, from `least` on, in tables (a power of two, n_values) that are to be added up.");
    m.def("row_moments", &row_moments, "mask"_a, "moments"_a, "ends"_a,
          "Fill for every row number of voxels, sum of positions and of squared positions; and first and last voxel, -1 without.");
    m.def("row_sums", &row_sums, "values"_a, "region"_a, "sums"_a,
          "Fill for every row the sum of the values of a region, and of the values times their positions.");
    m.def("hull_points", &hull_points, "ends"_a, "bits"_a, "stack"_a, "points"_a,
          "Fill `points` with twice the positions that corners of the hull of the mesh may have; return how many.");
    m.def("hull_scratch", &radiotype::hull_scratch, "n"_a, "Length of the uint8 scratch that `hull_faces` needs.");
    m.def("hull_faces", &hull_faces, "points"_a, "scratch"_a, "triangles"_a,
          "Fill `triangles` with the faces of the hull of different points in lexicographic order; return how many, 0 in a plane.");
    m.def("largest_distance", &largest_distance, "points"_a, "Square of the largest distance of points (3, n).");
    m.def("simd_level", [] { return radiotype::active_kernels().level; }, "The level in use: base, avx2 or avx512.");
    m.def("cube_patterns", &cube_patterns, "mask"_a, "counts"_a, "sums"_a,
          "Fill `counts` (256,) and `sums` (256, 3) with the corner patterns of a binary mask (I, J, K).");
    m.def("pam_workspace", &radiotype::pam_workspace, "n_items"_a, "largest_k"_a, "single"_a,
          "Length of the float64 scratch that `pam` needs.");
    m.def("pam", &pam, "distances"_a, "narrow"_a.none(), "items"_a, "k"_a, "workspace"_a, "medoids"_a, "labels"_a, "objective"_a,
          "Partition the cases `items` around medoids for every k; fill `medoids`, `labels` and `objective`.");
    m.def("cocluster", &cocluster, "labels"_a, "row"_a, "counts"_a,
          "Add to `counts` how often two cases share a label in up to 255 resamples; 255 marks a case that was not drawn.");
    m.def("two_means_workspace", &radiotype::two_means_workspace, "n_cases"_a, "n_features"_a,
          "Length of the float64 scratch that `two_means` needs.");
    m.def("two_means", &two_means, "values"_a, "scale"_a, "starts"_a, "sides"_a, "workspace"_a,
          "Split the cases in two; fill row 0 of `sides` (2, n_cases) and return the sum of squares within over the total.");
    m.attr("CORNER_LANES") = radiotype::CORNER_LANES;
    m.def("corner_workspace", &radiotype::corner_workspace, "n"_a, "k"_a, "width"_a,
          "Length of the float64 scratch that `corner_sets` and `simplex_distances` need.");
    m.def("corner_places", &radiotype::corner_places, "n"_a, "k"_a, "Length of their int64 scratch.");
    m.def("corner_sets", &corner_sets, "points"_a, "lowest"_a, "found"_a, "errors"_a, "sets"_a, "order"_a, "workspace"_a, "whole"_a,
          "Go on with the best sets of corners, `found` so far, through those whose first is `lowest`; how many there are then.");
    m.def("simplex_distances", &simplex_distances, "corners"_a, "targets"_a, "distances"_a, "workspace"_a, "whole"_a,
          "Fill `distances` (n,) with the squared distances of the targets to the polytope of the corners.");
    m.def("nonnegative_workspace", &radiotype::nonnegative_workspace, "k"_a, "width"_a,
          "Length of the float64 scratch that `nonnegative` needs.");
    m.def("nonnegative_places", &radiotype::nonnegative_places, "k"_a, "Length of its int64 scratch.");
    m.def("nonnegative", &nonnegative, "columns"_a, "rows"_a, "limit"_a, "solution"_a.none(), "errors"_a, "workspace"_a, "whole"_a,
          "Fill `solution` (n, k) and `errors` (n,) squared until their sum passes `limit`; how many rows were done.");
    m.def("concordant_pairs", &concordant_pairs, "time"_a, "event"_a, "rank"_a, "weight"_a, "bounds"_a, "later"_a, "earlier"_a, "tree"_a,
          "Fill `later` (n_cases, 3) in the rows of events and `earlier` (n_cases, 2) with the pairs that a score orders.");
    m.attr("COX_LANES") = radiotype::COX_LANES;
    m.def("cox_workspace", &radiotype::cox_workspace, "n_cases"_a, "n_events"_a, "width"_a,
          "Length of the float64 scratch that `cox_likelihood` needs.");
    m.def("cox_likelihood", &cox_likelihood, "covariates"_a, "time"_a, "event"_a, "bounds"_a, "efron"_a, "coefficients"_a, "result"_a,
          "workspace"_a, "Fill `result` with the partial log-likelihood, its gradient and minus its Hessian.");
    m.attr("COXNET_LANES") = radiotype::COXNET_LANES;
    m.def("coxnet_workspace", &radiotype::coxnet_workspace, "n_cases"_a, "stride"_a, "n_covariates"_a,
          "Length of the float64 scratch that `coxnet_path` needs.");
    m.def("coxnet_positions", &radiotype::coxnet_positions, "n_cases"_a, "n_covariates"_a,
          "Length of the int64 scratch that `coxnet_path` needs.");
    m.def("coxnet_path", &coxnet_path, "covariates"_a, "time"_a, "event"_a, "bounds"_a, "efron"_a, "factor"_a, "lambdas"_a, "l1_ratio"_a,
          "allowed"_a, "saturated"_a, "ends"_a, "max_steps"_a, "max_sweeps"_a, "coefficients"_a, "values"_a, "gradient"_a, "workspace"_a,
          "positions"_a, "kept"_a,
          "Fill the penalised coefficients, log-likelihood and largest violation of each lambda; `ends` is (share explained, least rise of it, "
          "number of coefficients). The number of lambdas done, or -1 less the first that did not converge.");
    m.def("surface_counts", &surface_counts, "voxels"_a,
          "Vertices, squares and badly composed corners of a solid (K, J, I) whose outermost layers are empty.");
    m.def("squared_distance", &squared_distance, "voxels"_a, "spacing"_a, "out"_a, "scratch"_a,
          "Fill `out` with the squared distance to the nearest empty voxel; scratch: 4 (longest side + 1).");
    m.def("grow_solid", &grow_solid, "voxels"_a, "distance"_a, "outside"_a, "heap"_a,
          "Change in `voxels` what keeps them, or what they surround, from being one sphere; return how many.");
    m.def("voxel_surface", &voxel_surface, "voxels"_a, "layers"_a, "vertices"_a, "squares"_a,
          "Fill the vertices (x, y, z) and boundary squares of a solid (K, J, I); layers: (2, J, I).");
    m.def("harmonic_sums", &harmonic_sums, "points"_a, "degree"_a, "recurrence"_a, "values"_a, "lanes"_a, "sums"_a,
          "Sum over the points of each real harmonic times each column of `values`.");
    m.def("harmonic_values", &harmonic_values, "points"_a, "degree"_a, "recurrence"_a, "coefficients"_a, "values"_a,
          "Values at the points of the functions with these coefficients of real harmonics.");
    m.def("harmonic_products", &harmonic_products, "waves"_a, "latitudes"_a, "degree"_a, "density"_a, "scratch"_a, "products"_a,
          "Fill `products` with the integrals of the products of every two harmonics over a density (rings, steps).");
    m.def("cholesky", &cholesky, "matrix"_a,
          "Replace a symmetric matrix by its upper factor; return the smallest over the largest pivot, 0 if it has none.");
    m.def("cholesky_solve", &cholesky_solve, "factor"_a, "right"_a, "Solve for the columns of `right`, in place.");
    m.def("sphere_scratch", &sphere_scratch, "n_vertices"_a,
          "Lengths of the float64, int32 and float32 scratch that `sphere_map` needs.");
    m.def("sphere_map", &sphere_map, "vertices"_a, "quads"_a, "order"_a, "long_diagonals"_a, "points"_a, "shares"_a,
          "doubles"_a, "integers"_a, "floats"_a,
          "Fill `points` (n, 3) with the vertices spread over the unit sphere and `shares` (n_quads,) with the share that each square "
          "has in the surface without stairs; the number of sweeps, or a negative number, and whether the map came to rest.");
    m.def("cald_ratios", &cald_ratios, "triangles"_a, "shares"_a, "frames"_a, "first"_a, "corners"_a, "points"_a, "centres"_a, "ratios"_a,
          "Fill the centres (m, 3) of triangles on the sphere and their share of its area over that of the object's.");
    m.def("cald_smooth", &cald_smooth, "triangles"_a, "shares"_a, "frames"_a, "first"_a, "corners"_a, "sweeps"_a, "points"_a, "waiting"_a,
          "Move single vertices of `points` where that lowers the worst stretch around them; how many moves, or -1.");
    m.def("ranked_sets_scratch", &radiotype::ranked_sets_scratch, "n_columns"_a, "n_sets"_a,
          "Length of the uint64 scratch that `ssgsea` and `spectra` need.");
    m.def("ssgsea", &ssgsea, "values"_a, "members"_a, "bounds"_a, "weight_of_rank"_a, "scores"_a, "scratch"_a,
          "Fill `scores` (n_samples, n_sets) with the raw scores of single-sample gene set enrichment.");
    m.def("spectra", &spectra, "values"_a, "members"_a, "bounds"_a, "sets_of"_a, "column_bounds"_a, "scores"_a, "scratch"_a,
          "Fill `scores` (n_samples, n_sets) with the largest deviations of the running sums weighted by the absolute values.");
    m.def("random_sets_scratch", &radiotype::random_sets_scratch, "n_ranked"_a, "n_members"_a, "n_sets"_a,
          "Length of the uint64 scratch that `random_enrichment` (of no sets kept) and `enrichment_levels` need.");
    m.def("random_enrichment", &random_enrichment, "weights"_a, "n_members"_a, "state"_a, "scores"_a, "scratch"_a,
          "Fill `scores` with the largest deviations of random sets of so many members.");
    m.def("enrichment_levels", &enrichment_levels, "weights"_a, "n_members"_a, "state"_a, "targets"_a, "n_sets"_a, "survivors"_a, "found"_a,
          "scratch"_a,
          "Split the random sets of positive score into levels up to every target; fill the sets that reached each level, and for each "
          "target the levels before it and the sets that reach it, -1 where the levels ended. The number of levels, or -1.");
    m.def("texture_scan", &texture_scan, "levels"_a, "counts"_a, "box"_a,
          "Count the voxels of each grey level and find the box of those above 0: first and last + 1 along each axis.");
    m.def("texture_pack", &texture_pack, "levels"_a, "map"_a.none(), "out"_a, "lines"_a,
          "Copy levels, through `map` if there is one, into slices of rows with an empty voxel on every side; return how many `lines` were filled.");
    m.def("texture_pairs", &texture_pairs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_a,
          "Add to `tables` the pairs of neighbouring levels in 13 (planar: 4) directions.");
    m.def("texture_runs", &texture_runs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_a, "scratch"_a,
          "Add to `tables` the voxels that are third or later in a run of their level; under 0 all, under 1 and 2 nothing.");
    m.def("texture_neighbours", &texture_neighbours, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "alpha"_a,
          "differences"_a, "dependences"_a, "Add by level and number of neighbours |level x number - sum|, and count those alike.");
    m.def("texture_distances", &texture_distances, "inside"_a, "lines"_a, "planar"_a, "out"_a,
          "Fill `out` with the steps through faces that lead out of the region.");
    m.def("texture_zones", &texture_zones, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "distance"_a,
          "labels"_a, "parent"_a, "zones"_a, "bounds"_a, "Fill `zones` with level, size and distance; return how many there are.");
}
