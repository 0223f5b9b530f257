// The kernels of one level. Only kernel sources and table.cpp include this file; they are compiled once per level.
#pragma once
#include "levels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

void ball_sums(const BallProblem& problem, uint32_t* scratch, const uint32_t** lines, int32_t* sums);
void correlate(const CorrelateProblem& problem, double* out);
void intensity_range(const IntensityBox& box, IntensityRange* found);
void intensity_levels(const IntensityBox& box, const LevelRule& rule, uint8_t* inside, uint16_t* levels);
void intensity_counts(const IntensityBox& box, double least, int64_t tables, int64_t n_values, int64_t* counts);
void row_moments(const uint8_t* mask, int64_t n_rows, int64_t n, int64_t* moments, int32_t* ends);
void row_sums(const IntensityBox& box, double* sums);
int64_t hull_points(const int32_t* ends, const int64_t shape[2], uint8_t* bits, int32_t* stack, int32_t* points);
int64_t hull_faces(const int32_t* points, int64_t n, uint8_t* scratch, int32_t* triangles);
double largest_distance(const double* points, int64_t n);
void cube_patterns(const uint8_t* mask, const int64_t shape[3], int64_t counts[256], int64_t sums[256 * 3]);
void pam(const PamProblem& problem, const PamResult& result, double* workspace);
void cocluster(const uint8_t* labels, int64_t n_resamples, int64_t n_cases, uint8_t* row, int32_t* counts);
double two_means(const TwoMeansProblem& problem, uint8_t* sides, double* workspace);
int64_t corner_sets(const CornerProblem& problem, const CornerResult& result, int64_t found, double* workspace, int64_t* whole);
void simplex_distances(const double* corners, const int64_t shape[3], const double* targets, double* distances, double* workspace,
                       int64_t* whole);
int64_t nonnegative(const NonnegativeProblem& problem, double limit, double* solution, double* errors, double* workspace, int64_t* whole);
void concordant_pairs(const PairProblem& problem, double* later, double* earlier, double* tree);
void cox_likelihood(const CoxProblem& problem, const double* coefficients, double* result, double* workspace);
int64_t coxnet_path(const CoxnetProblem& problem, const CoxnetResult& result, double* workspace, int64_t* positions, uint8_t* kept);
void surface_counts(const uint8_t* voxels, const int64_t shape[3], int64_t counts[3]);
void squared_distance(const uint8_t* voxels, const int64_t shape[3], const double spacing[3], float* out, double* scratch);
int64_t grow_solid(uint8_t* voxels, const int64_t shape[3], const float* distance, bool outside, uint64_t* heap);
void voxel_surface(const uint8_t* voxels, const int64_t shape[3], int32_t* layers, int32_t* vertices, int32_t* squares);
void harmonic_sums(const HarmonicPoints& points, const double* recurrence, const double* values, double* lanes, double* sums);
void harmonic_values(const HarmonicPoints& points, const double* recurrence, const double* coefficients, double* values);
void harmonic_products(const HarmonicGrid& grid, const double* density, double* scratch, double* products);
double cholesky(double* matrix, int64_t n);
void cholesky_solve(const double* factor, int64_t n, int64_t columns, double* b);
int64_t sphere_map(const SphereProblem& problem, const SphereResult& result, const SphereScratch& scratch);
void cald_ratios(const CaldProblem& problem, const double* points, double* centres, double* ratios);
int64_t cald_smooth(const CaldProblem& problem, int64_t sweeps, double* points, uint8_t* waiting);
void ssgsea(const SetProblem& problem, const double* weight_of_rank, double* scores, uint64_t* scratch);
void spectra(const SetProblem& problem, const int32_t* sets_of, const int64_t* column_bounds, double* scores, uint64_t* scratch);
void random_enrichment(const RandomSets& problem, int64_t n_sets, double* scores, uint64_t* scratch);
int64_t enrichment_levels(const RandomSets& problem, const LevelSearch& search, int64_t* survivors, int64_t* found, uint64_t* scratch);
void texture_scan(const LevelBox& source, int64_t* counts, int64_t box[6]);
int64_t texture_pack(const LevelBox& source, const uint16_t* map, void* out, int64_t bytes, int32_t* lines);
void texture_pairs(const TextureVolume& volume, uint32_t* tables, int64_t table);
void texture_runs(const TextureVolume& volume, uint32_t* tables, int64_t longest, void* scratch);
void texture_neighbours(const TextureVolume& volume, int64_t alpha, uint64_t* differences, uint32_t* dependences);
void texture_distances(const TextureVolume& volume, uint16_t* out);
int64_t texture_zones(const TextureVolume& volume, const ZoneScratch& scratch, int64_t* bounds);

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
