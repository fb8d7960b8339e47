import { linkTo } from '../location.js';
import { Empty } from '../parts/states.js';

export function NotFound() {
  return (
    <>
      <div class="page-head">
        <h1>There is no such page</h1>
      </div>
      <Empty title="The address names none">
        <a href={linkTo('/services')}>All services</a>
      </Empty>
    </>
  );
}
